import { join } from 'node:path';
import { searchableAnswers } from '@dgpo/arc';
import type { Retriever } from '@dgpo/envs';
import { evaluateRetriever, readCorpus } from '@dgpo/retriever';
import type { Task } from '@dgpo/trajectory';
import { corpusAnswerRecall } from './corpus-answers.js';
import type { SearchSource } from './search-source.js';

/** What searching can find at all, beside which exact match is to be read. */
export interface AnswerRecall {
  /** Questions with an answer that a passage can hold (not yes or no), the ones that both shares are over. */
  questions: number;
  /** Share of them with a golden answer anywhere in the corpus; null where the corpus is not here, or too large to read for it. */
  corpus: number | null;
  /** Share of them with a golden answer among the passages found for the question as it stands. */
  retrieval: number;
  /** Passages of such a search. */
  topK: number;
}

/** Passages of the largest corpus that is read for its answers. */
const largestCorpus = 1_000_000;

/** The answer recall of a set; undefined where no answer can be looked for. @throws whatever the retriever throws, and the signal's reason */
export async function measureAnswerRecall(options: {
  source: SearchSource;
  retriever: Retriever;
  tasks: readonly Task[];
  topK: number;
  signal?: AbortSignal | undefined;
}): Promise<AnswerRecall | undefined> {
  const { source, retriever, tasks, topK, signal } = options;
  const answerable = tasks.filter(({ goldenAnswers }) => searchableAnswers(goldenAnswers).length > 0);
  if (answerable.length === 0) return undefined;
  const { cutoffs } = await evaluateRetriever({
    retriever,
    tasks: answerable,
    cutoffs: [topK],
    ...(signal === undefined ? {} : { signal }),
  });
  const isReadable = source.directory !== undefined && (source.corpus.passages ?? 0) <= largestCorpus;
  const corpus =
    isReadable && source.directory !== undefined
      ? await corpusAnswerRecall({
          documents: readCorpus({
            path: join(source.directory, 'corpus.jsonl'),
            ...(signal === undefined ? {} : { signal }),
          }),
          tasks: answerable,
        })
      : null;
  return { questions: answerable.length, corpus, retrieval: cutoffs[0]?.answerRecall ?? 0, topK };
}
