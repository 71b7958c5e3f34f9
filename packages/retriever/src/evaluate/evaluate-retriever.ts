import { ConfigError, supportingTitles, type Task } from '@dgpo/trajectory';
import { splitTitle } from '../corpus/split-title.js';
import type { Retriever } from '../retriever.js';
import { containsAnswer, searchableAnswers } from './contains-answer.js';
import type { RankedDocument } from './evaluate-run.js';
import { averagePrecision, type JudgedRanking, ndcg, recallAt, reciprocalRank, successAt } from './ranking-metrics.js';
import { requireCutoffs } from './require-cutoffs.js';
import { retrieveEach, toRanking } from './retrieve-run.js';

export interface EvaluateRetrieverOptions {
  retriever: Retriever;
  /** Questions with supporting titles in their metadata or golden answers; those with neither are left out. */
  tasks: readonly Task[];
  /**
   * The numbers of passages looked at.
   * @default [1, 3, 5, 10]
   */
  cutoffs?: readonly number[];
  signal?: AbortSignal;
  /** Told what was found for each question that was asked, in order, by passage id. */
  onRanking?: (taskId: string, ranking: RankedDocument[]) => void;
}

export interface RetrieverEvaluation {
  /** Questions with supporting titles, the ones that all figures but `answerRecall` are over. */
  questions: number;
  /** Questions that name no supporting title. */
  skipped: number;
  /** Questions with an answer that a passage can hold (not yes or no), the ones that `answerRecall` is over. */
  answerable: number;
  /**
   * One entry for each cutoff, ascending; all figures are means over the questions, from 0 to 1, and 0 over none. A passage counts
   * once for its title: of several with the same supporting title the first is relevant.
   */
  cutoffs: {
    k: number;
    /** Share of a question's supporting titles among its first k passages. */
    recall: number;
    /** Share of questions with at least one supporting title among the first k passages. */
    hit: number;
    /** Share of questions with every supporting title among the first k passages. */
    complete: number;
    /** nDCG of the first k passages. */
    ndcg: number;
    /** Mean of 1 / rank of the first passage with a supporting title, 0 beyond rank k. */
    mrr: number;
    /** Mean average precision of the first k passages. */
    map: number;
    /** Share of questions with a golden answer in one of the first k passages, both normalised as SQuAD does. */
    answerRecall: number;
  }[];
}

const comparable = (title: string) => title.normalize('NFC').trim();

/** Relevance by supporting titles, each counted at its first passage. */
function judgeTitles(found: readonly string[], supporting: ReadonlySet<string>): JudgedRanking {
  const relevances = found.map((title, rank) => (supporting.has(title) && found.indexOf(title) === rank ? 1 : 0));
  return { relevances, judgements: [...supporting].map(() => 1) };
}

function meanOf<T>(items: readonly T[], figure: (item: T) => number): number {
  return items.length === 0 ? 0 : items.reduce((sum, item) => sum + figure(item), 0) / items.length;
}

/**
 * Asks every question as it stands, compares the titles found with the supporting titles (FlashRAG and HotpotQA metadata) and looks
 * for the golden answers in the passages.
 * @throws ConfigError when a cutoff is not an integer of at least 1 or no question names a supporting title or a searchable answer.
 */
export async function evaluateRetriever({
  retriever,
  tasks,
  cutoffs = [1, 3, 5, 10],
  signal,
  onRanking,
}: EvaluateRetrieverOptions): Promise<RetrieverEvaluation> {
  const ascending = requireCutoffs(cutoffs);
  const measured = tasks
    .map((task) => ({
      id: task.id,
      text: task.question,
      titles: new Set(supportingTitles(task).map(comparable)),
      answers: searchableAnswers(task.goldenAnswers),
    }))
    .filter(({ titles, answers }) => titles.size > 0 || answers.length > 0);
  if (measured.length === 0) {
    throw new ConfigError('no question names supporting titles (metadata.supporting_facts.title) or golden answers');
  }
  const rankings: JudgedRanking[] = [];
  const answerRanks: number[] = [];
  const topK = ascending.at(-1) ?? 1;
  for await (const { query, found } of retrieveEach({
    retriever,
    queries: measured,
    topK,
    ...(signal && { signal }),
  })) {
    const { id, titles, answers } = query;
    onRanking?.(id, toRanking(found));
    const foundTitles = found.map(({ document }) => comparable(splitTitle(document.contents).title));
    if (titles.size > 0) rankings.push(judgeTitles(foundTitles, titles));
    if (answers.length === 0) continue;
    const rank = found.findIndex(({ document }) => containsAnswer(document.contents, answers));
    answerRanks.push(rank === -1 ? Number.POSITIVE_INFINITY : rank);
  }
  return {
    questions: rankings.length,
    skipped: tasks.length - rankings.length,
    answerable: answerRanks.length,
    cutoffs: ascending.map((k) => ({
      k,
      recall: meanOf(rankings, (ranking) => recallAt(ranking, k)),
      hit: meanOf(rankings, (ranking) => successAt(ranking, k)),
      complete: meanOf(rankings, (ranking) => (recallAt(ranking, k) === 1 ? 1 : 0)),
      ndcg: meanOf(rankings, (ranking) => ndcg(ranking, k)),
      mrr: meanOf(rankings, (ranking) => reciprocalRank(ranking, k)),
      map: meanOf(rankings, (ranking) => averagePrecision(ranking, k)),
      answerRecall: meanOf(answerRanks, (rank) => (rank < k ? 1 : 0)),
    })),
  };
}
