import type { Retriever } from '@dgpo/envs';
import { evaluateRetriever } from '@dgpo/retriever';
import { supportingTitles } from '@dgpo/trajectory';
import type { EvaluationSet } from './evaluate-model.js';

/** What the search engine finds when a question is asked as it stands; shares from 0 to 1, means over the questions. */
export interface RetrievalScore {
  /** Passages per search. */
  topK: number;
  /** Share of a question's supporting titles among its passages. */
  recall: number;
  /** Share of questions with at least one supporting title among the passages. */
  hit: number;
  /** Share of questions with all of them. */
  complete: number;
  questions: number;
}

/** Recall of the search engine on every set whose questions name supporting titles; other sets are left out. */
export async function measureRetrieval(options: {
  retriever: Retriever;
  sets: readonly EvaluationSet[];
  topK: number;
  signal?: AbortSignal | undefined;
}): Promise<Record<string, RetrievalScore>> {
  const { retriever, sets, topK, signal } = options;
  const scores: Record<string, RetrievalScore> = {};
  for (const { name, tasks } of sets) {
    const measured = tasks.filter((task) => supportingTitles(task).length > 0);
    if (measured.length === 0) continue;
    const { questions, cutoffs } = await evaluateRetriever({
      retriever,
      tasks: measured,
      cutoffs: [topK],
      ...(signal === undefined ? {} : { signal }),
    });
    const [cutoff] = cutoffs;
    if (cutoff === undefined) continue;
    const { recall, hit, complete } = cutoff;
    scores[name] = { topK, recall, hit, complete, questions };
  }
  return scores;
}
