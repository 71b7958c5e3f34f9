import { ConfigError, supportingTitles, type Task } from '@dgpo/trajectory';
import { splitTitle } from '../corpus/split-title.js';
import type { Retriever } from '../retriever.js';

export interface EvaluateRetrieverOptions {
  retriever: Retriever;
  /** Questions with supporting titles in their metadata; those without are left out and counted. */
  tasks: readonly Task[];
  /**
   * The numbers of passages looked at.
   * @default [1, 3, 5, 10]
   */
  cutoffs?: readonly number[];
  signal?: AbortSignal;
}

export interface RetrieverEvaluation {
  /** Questions that were measured. */
  questions: number;
  /** Questions left out because they name no supporting title. */
  skipped: number;
  /** One entry for each cutoff, ascending; all figures are means over the questions, from 0 to 1. */
  cutoffs: {
    k: number;
    /** Share of a question's supporting titles among its first k passages. */
    recall: number;
    /** Share of questions with at least one supporting title among the first k passages. */
    hit: number;
    /** Share of questions with every supporting title among the first k passages. */
    complete: number;
  }[];
}

const comparable = (title: string) => title.normalize('NFC').trim();

/**
 * Asks every question as it stands and compares the titles found with the supporting titles (FlashRAG and HotpotQA metadata).
 * @throws ConfigError when a cutoff is not an integer of at least 1 or no question names a supporting title.
 */
export async function evaluateRetriever({
  retriever,
  tasks,
  cutoffs = [1, 3, 5, 10],
  signal,
}: EvaluateRetrieverOptions): Promise<RetrieverEvaluation> {
  const ascending = [...new Set(cutoffs)].sort((left, right) => left - right);
  if (ascending.length === 0 || ascending.some((k) => !Number.isInteger(k) || k < 1)) {
    throw new ConfigError('cutoffs must be integers of at least 1');
  }
  const measured = tasks
    .map((task) => ({ question: task.question, titles: supportingTitles(task).map(comparable) }))
    .filter(({ titles }) => titles.length > 0);
  if (measured.length === 0) {
    throw new ConfigError('no question names supporting titles (metadata.supporting_facts.title)');
  }
  const answers = await retriever.retrieve({
    queries: measured.map(({ question }) => question),
    topK: ascending.at(-1) ?? 1,
    ...(signal && { signal }),
  });
  const found = answers.map((list) => list.map(({ document }) => comparable(splitTitle(document.contents).title)));
  const mean = (value: (share: number) => number, k: number) => {
    let sum = 0;
    for (const [position, { titles }] of measured.entries()) {
      const first = new Set(found[position]?.slice(0, k));
      sum += value(titles.filter((title) => first.has(title)).length / titles.length);
    }
    return sum / measured.length;
  };
  return {
    questions: measured.length,
    skipped: tasks.length - measured.length,
    cutoffs: ascending.map((k) => ({
      k,
      recall: mean((share) => share, k),
      hit: mean((share) => (share > 0 ? 1 : 0), k),
      complete: mean((share) => (share === 1 ? 1 : 0), k),
    })),
  };
}
