import { ConfigError } from '@dgpo/trajectory';
import {
  averagePrecision,
  type JudgedRanking,
  ndcg,
  precisionAt,
  recallAt,
  reciprocalRank,
  successAt,
} from './ranking-metrics.js';
import { requireCutoffs } from './require-cutoffs.js';

/** A document that a retriever found for a query. */
export interface RankedDocument {
  id: string;
  score: number;
}

/** What was found: documents by query id, in any order. */
export type Run = ReadonlyMap<string, readonly RankedDocument[]>;

/** What is right: by query id, the relevance of each judged document by its id (0 or less: not relevant). */
export type Qrels = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The families of measures, as trec_eval calls them. */
export const rankingMetrics = ['ndcg', 'map', 'recip_rank', 'recall', 'P', 'success'] as const;
export type RankingMetric = (typeof rankingMetrics)[number];

export interface EvaluateRunOptions {
  run: Run;
  qrels: Qrels;
  /** @default all six */
  metrics?: readonly RankingMetric[];
  /** @default [1, 3, 5, 10] */
  cutoffs?: readonly number[];
  /**
   * Count judged queries that the run does not hold as 0 (trec_eval's `-c`); otherwise they are left out.
   * @default true
   */
  complete?: boolean;
}

export interface RunEvaluation {
  /** Queries the means are over. */
  queries: number;
  /** Queries of the run that have no judgement; left out. */
  unjudged: number;
  /** Judged queries that the run does not hold. */
  missing: number;
  /** Means by trec_eval's names: `ndcg_cut_10`, `map`, `map_cut_10`, `recip_rank`, `recip_rank_cut_10`, `recall_10`, `P_10`, `success_10`. */
  mean: Record<string, number>;
  /** The same figures for each query. */
  perQuery: Map<string, Record<string, number>>;
}

/** Order of the bytes in UTF-8, which is that of the code points. */
const compareIds = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right));

/**
 * The order in which trec_eval looks at a ranking: by score, highest first, and of equal scores the greater id first. Like there,
 * scores that are the same float32 are equal, and ranks written in a file play no part.
 */
export function orderRanking(ranking: readonly RankedDocument[]): RankedDocument[] {
  return [...ranking].sort(
    (left, right) => Math.fround(right.score) - Math.fround(left.score) || compareIds(right.id, left.id),
  );
}

function measure(judged: JudgedRanking, metrics: readonly RankingMetric[], cutoffs: readonly number[]) {
  const figures: Record<string, number> = {};
  const add = (
    name: string,
    cutName: string,
    whole: ((judged: JudgedRanking) => number) | undefined,
    at: (judged: JudgedRanking, k: number) => number,
  ) => {
    if (whole !== undefined) figures[name] = whole(judged);
    for (const k of cutoffs) figures[`${cutName}_${k}`] = at(judged, k);
  };
  for (const metric of metrics) {
    if (metric === 'ndcg') add('ndcg', 'ndcg_cut', ndcg, ndcg);
    else if (metric === 'map') add('map', 'map_cut', averagePrecision, averagePrecision);
    else if (metric === 'recip_rank') add('recip_rank', 'recip_rank_cut', reciprocalRank, reciprocalRank);
    else add(metric, metric, undefined, { recall: recallAt, P: precisionAt, success: successAt }[metric]);
  }
  return figures;
}

/**
 * Measures a run against judgements, with the definitions, the order of ties and the names of trec_eval (`recip_rank_cut_k`,
 * reciprocal rank among the first k, is named after its `map_cut_k`). Documents without a judgement are not relevant; queries
 * without a judgement are left out; queries whose judgements name nothing relevant count 0.
 * @throws ConfigError for a cutoff that is not an integer of at least 1, an unknown metric, a score that is not finite, a document
 * that occurs twice in a ranking, and when no query is left to measure.
 */
export function evaluateRun({
  run,
  qrels,
  metrics = rankingMetrics,
  cutoffs = [1, 3, 5, 10],
  complete = true,
}: EvaluateRunOptions): RunEvaluation {
  const ascending = requireCutoffs(cutoffs);
  for (const metric of metrics) {
    if (!rankingMetrics.includes(metric)) {
      throw new ConfigError(`there is no metric ${JSON.stringify(metric)}; there are ${rankingMetrics.join(', ')}`);
    }
  }
  const perQuery: RunEvaluation['perQuery'] = new Map();
  const mean: Record<string, number> = {};
  let missing = 0;
  for (const [query, judgements] of qrels) {
    const ranking = run.get(query);
    if (ranking === undefined) {
      missing++;
      if (!complete) continue;
    }
    requireRanking(query, ranking ?? []);
    const relevances = orderRanking(ranking ?? []).map(({ id }) => judgements.get(id) ?? 0);
    const figures = measure({ relevances, judgements: [...judgements.values()] }, metrics, ascending);
    perQuery.set(query, figures);
    for (const [name, figure] of Object.entries(figures)) mean[name] = (mean[name] ?? 0) + figure;
  }
  const queries = perQuery.size;
  if (queries === 0) {
    throw new ConfigError('no query of the run has a judgement; do the query ids of both files agree?');
  }
  for (const name of Object.keys(mean)) mean[name] = (mean[name] ?? 0) / queries;
  const unjudged = [...run.keys()].filter((query) => !qrels.has(query)).length;
  return { queries, unjudged, missing, mean, perQuery };
}

function requireRanking(query: string, ranking: readonly RankedDocument[]): void {
  const ids = new Set<string>();
  for (const { id, score } of ranking) {
    if (!Number.isFinite(score)) throw new ConfigError(`the score of document ${id} for query ${query} is not finite`);
    if (ids.has(id)) throw new ConfigError(`document ${id} occurs twice in the ranking of query ${query}`);
    ids.add(id);
  }
}
