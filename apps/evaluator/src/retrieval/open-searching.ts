import { type EnvironmentSettings, isSearch, openRetriever } from '@dgpo/trainer';
import type { QuestionSet } from '../evaluation/question-set.js';
import { type AnswerRecall, measureAnswerRecall } from './answer-recall.js';
import type { SearchSource } from './search-source.js';

/** Passages per search of rules that search. */
const topKOf = (settings: EnvironmentSettings) => (isSearch(settings) || settings.kind === 'code' ? settings.topK : 3);

/** A retriever for this process, and what it finds for the sets. */
export interface Searching {
  retriever?: Awaited<ReturnType<typeof openRetriever>>;
  answerRecallOf: (set: QuestionSet) => AnswerRecall | undefined;
  close(): Promise<void>;
}

/**
 * Opens a retriever and measures the answer recall of the sets that are answered with searches, so that one that is out of order is found
 * before the first episode.
 * @throws whatever the retriever throws, and the signal's reason
 */
export async function openSearching(options: {
  search: SearchSource | undefined;
  sets: readonly QuestionSet[];
  settings: EnvironmentSettings;
  signal?: AbortSignal | undefined;
}): Promise<Searching> {
  const { search, sets, settings, signal } = options;
  if (search === undefined) return { answerRecallOf: () => undefined, close: async () => undefined };
  const retriever = await openRetriever(search.retriever);
  try {
    const recalls = new Map<string, AnswerRecall | undefined>();
    for (const { name, kind, tasks } of sets) {
      if (kind !== 'question-answering') continue;
      recalls.set(
        name,
        await measureAnswerRecall({ source: search, retriever, tasks, topK: topKOf(settings), signal }),
      );
    }
    return { retriever, answerRecallOf: ({ name }) => recalls.get(name), close: () => retriever.close() };
  } catch (error) {
    await retriever.close();
    throw error;
  }
}
