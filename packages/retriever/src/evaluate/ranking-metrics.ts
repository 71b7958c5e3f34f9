/** What was judged of one query, beside what was found for it. */
export interface JudgedRanking {
  /** Relevance of each document found, best first; 0 for documents without a judgement. */
  relevances: readonly number[];
  /** Every judgement of the query, found or not, in any order. A document is relevant from 1 on. */
  judgements: readonly number[];
}

const isRelevant = (relevance: number) => relevance >= 1;

/** Relevant documents in a list. */
const countRelevant = (relevances: readonly number[]) => relevances.filter(isRelevant).length;

/** Share of the first `k` places that hold a relevant document; places left empty count against it (trec_eval's `P_k`). */
export function precisionAt({ relevances }: JudgedRanking, k: number): number {
  return countRelevant(relevances.slice(0, k)) / k;
}

/** Share of the relevant documents that are among the first `k`; 0 when none is relevant (`recall_k`). */
export function recallAt({ relevances, judgements }: JudgedRanking, k: number): number {
  const relevant = countRelevant(judgements);
  return relevant === 0 ? 0 : countRelevant(relevances.slice(0, k)) / relevant;
}

/** 1 when a relevant document is among the first `k`, else 0 (`success_k`). */
export function successAt({ relevances }: JudgedRanking, k: number): number {
  return relevances.slice(0, k).some(isRelevant) ? 1 : 0;
}

/** 1 / rank of the first relevant document among the first `k`, 0 without one (`recip_rank`; the mean of it is MRR). */
export function reciprocalRank({ relevances }: JudgedRanking, k = Number.POSITIVE_INFINITY): number {
  const position = relevances.findIndex(isRelevant);
  return position === -1 || position >= k ? 0 : 1 / (position + 1);
}

/**
 * Precision at the rank of each relevant document among the first `k`, summed and divided by the number of all relevant
 * documents, found or not (`map`, `map_cut_k`; the mean of it is MAP).
 */
export function averagePrecision({ relevances, judgements }: JudgedRanking, k = Number.POSITIVE_INFINITY): number {
  const relevant = countRelevant(judgements);
  let found = 0;
  let sum = 0;
  for (const [position, relevance] of relevances.entries()) {
    if (position >= k) break;
    if (isRelevant(relevance)) sum += ++found / (position + 1);
  }
  return relevant === 0 ? 0 : sum / relevant;
}

function discountedGain(relevances: readonly number[], k: number): number {
  let sum = 0;
  for (const [position, relevance] of relevances.entries()) {
    if (position >= k) break;
    if (relevance > 0) sum += relevance / Math.log2(position + 2);
  }
  return sum;
}

/**
 * Normalised discounted cumulative gain with the relevance itself as gain and log2(rank + 1) as discount, against the best order
 * of all judgements; 0 when none is relevant (`ndcg`, `ndcg_cut_k`). Source: Järvelin and Kekäläinen, 2002, in the form of trec_eval.
 */
export function ndcg({ relevances, judgements }: JudgedRanking, k = Number.POSITIVE_INFINITY): number {
  const ideal = discountedGain(
    [...judgements].sort((left, right) => right - left),
    k,
  );
  return ideal === 0 ? 0 : discountedGain(relevances, k) / ideal;
}
