import { ConfigError } from '@dgpo/trajectory';
import { requireTopK } from '../require-top-k.js';
import type { Match } from '../top-k.js';

export interface FusionSettings {
  /**
   * Added to every rank; the greater, the less the first places weigh.
   * @default 60
   */
  k?: number;
  /**
   * The weight of each ranking, in their order.
   * @default 1 each
   */
  weights?: readonly number[];
}

/** The settings with their defaults. @throws ConfigError for settings outside their range or another number of weights. */
export function resolveFusion(
  { k = 60, weights }: FusionSettings,
  rankings: number,
): { k: number; weights: readonly number[] } {
  if (!(Number.isFinite(k) && k >= 0))
    throw new ConfigError(`k of rank fusion must be a number of at least 0, not ${k}`);
  const chosen = weights ?? Array.from({ length: rankings }, () => 1);
  if (chosen.length !== rankings) {
    throw new ConfigError(`there are ${chosen.length} weights for ${rankings} rankings; give one for each`);
  }
  if (chosen.some((weight) => !(Number.isFinite(weight) && weight >= 0)) || chosen.every((weight) => weight === 0)) {
    throw new ConfigError('weights of rank fusion must be numbers of at least 0, and one of them more');
  }
  return { k, weights: chosen };
}

/**
 * Reciprocal rank fusion: an item scores the sum of weight / (k + rank) over the rankings that hold it, ranks from 1; its scores
 * there play no part. Best first, equal sums in order of index. Of an item that a ranking repeats the first place counts, and a
 * ranking of weight 0 adds nothing, not even its items.
 * Source: Cormack, Clarke and Büttcher, Reciprocal Rank Fusion Outperforms Condorcet and Individual Rank Learning Methods, SIGIR 2009.
 * @throws ConfigError for a `topK` below 1, a negative `k` and weights that are negative, all 0 or of another number than the rankings.
 */
export function fuseRankings({
  rankings,
  topK,
  ...settings
}: { rankings: readonly (readonly Match[])[]; topK: number } & FusionSettings): Match[] {
  requireTopK(topK);
  if (rankings.length === 0) return [];
  const { k, weights } = resolveFusion(settings, rankings.length);
  const sums = new Map<number, number>();
  for (const [position, ranking] of rankings.entries()) {
    const weight = weights[position] ?? 0;
    if (weight === 0) continue;
    const seen = new Set<number>();
    for (const [rank, { index }] of ranking.entries()) {
      if (seen.has(index)) continue;
      seen.add(index);
      sums.set(index, (sums.get(index) ?? 0) + weight / (k + rank + 1));
    }
  }
  const fused = [...sums].map(([index, score]) => ({ index, score }));
  fused.sort((left, right) => right.score - left.score || left.index - right.index);
  return fused.slice(0, topK);
}
