import { type McnemarResult, mcnemar } from '../statistics/mcnemar.js';
import type { EpisodeMeasures } from './measure-trajectory.js';
import { taskKey } from './summarize-measures.js';

/** The episodes of two models on one task. */
export interface EpisodePair {
  before: EpisodeMeasures[];
  after: EpisodeMeasures[];
}

export interface PairedEpisodes {
  /** The tasks that both have, in the order of the baseline. */
  pairs: EpisodePair[];
  /** Tasks that one of them alone has. */
  baselineOnly: number;
  candidateOnly: number;
}

/** Matches episodes by environment, id and question of their task. */
export function pairEpisodes(models: Record<'baseline' | 'candidate', readonly EpisodeMeasures[]>): PairedEpisodes {
  const baseline = groupByTask(models.baseline);
  const candidate = groupByTask(models.candidate);
  const pairs = [...baseline].flatMap(([key, before]) => {
    const after = candidate.get(key);
    return after === undefined ? [] : [{ before, after }];
  });
  return { pairs, baselineOnly: baseline.size - pairs.length, candidateOnly: candidate.size - pairs.length };
}

function groupByTask(episodes: readonly EpisodeMeasures[]): Map<string, EpisodeMeasures[]> {
  const result = new Map<string, EpisodeMeasures[]>();
  for (const episode of episodes) {
    const key = taskKey(episode);
    const others = result.get(key);
    if (others === undefined) result.set(key, [episode]);
    else others.push(episode);
  }
  return result;
}

/** The mean of some values; NaN without any. */
export const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What is measured of an episode; null where that cannot be done. */
export type PairedMeasure = (episode: EpisodeMeasures) => number | null;

const meanOf = (episodes: readonly EpisodeMeasures[], measure: PairedMeasure) =>
  average(episodes.flatMap((episode) => measure(episode) ?? []));

/** A measure of both models on each task on which it was taken of both; several samples of one task are averaged. */
export function pairedValues(pairs: readonly EpisodePair[], measure: PairedMeasure) {
  const both = pairs
    .map(({ before, after }) => ({ before: meanOf(before, measure), after: meanOf(after, measure) }))
    .filter(({ before, after }) => Number.isFinite(before) && Number.isFinite(after));
  return { baseline: both.map(({ before }) => before), candidate: both.map(({ after }) => after) };
}

/** McNemar's exact test of exact match; null when a task was sampled more than once, which has no single right or wrong. */
export function compareExactMatch(pairs: readonly EpisodePair[]): McnemarResult | null {
  if (pairs.some(({ before, after }) => before.length > 1 || after.length > 1)) return null;
  const { baseline, candidate } = pairedValues(pairs, ({ exactMatch }) => exactMatch);
  return mcnemar({
    baseline: baseline.map((value) => value === 1),
    candidate: candidate.map((value) => value === 1),
  });
}
