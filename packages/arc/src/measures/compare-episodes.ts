import { type CauseName, causeNames } from '../diagnostics/cause.js';
import { type BootstrapOptions, completeBootstrapOptions } from '../statistics/bootstrap-figures.js';
import type { Figure } from '../statistics/figure.js';
import { type McnemarResult, mcnemar } from '../statistics/mcnemar.js';
import { pairedBootstrap } from '../statistics/paired-bootstrap.js';
import { permutationTest } from '../statistics/permutation-test.js';
import { type EpisodeMeasures, type MeasureName, measureNames } from './measure-trajectory.js';
import { taskKey } from './summarize-measures.js';

/** One measure of two models on the same tasks. */
export interface MeasureComparison {
  /** Mean of the baseline over the shared tasks; NaN if none was measured for both. */
  baseline: number;
  /** Mean of the candidate over the same tasks. */
  candidate: number;
  /** Candidate minus baseline with its paired bootstrap interval; `count` is the number of tasks. */
  difference: Figure;
  /** Two-sided paired permutation test. */
  pValue: number;
}

export interface EpisodeComparison {
  /** Tasks that both have. */
  sharedTasks: number;
  /** Tasks left out because only the baseline has them. */
  baselineOnlyTasks: number;
  /** Tasks left out because only the candidate has them. */
  candidateOnlyTasks: number;
  measures: Record<MeasureName, MeasureComparison>;
  /**
   * Share of episodes that failed by each cause that either has. Of all episodes, not of the failed ones, since every shared task has
   * it on both sides.
   */
  causes: Partial<Record<CauseName, MeasureComparison>>;
  /** McNemar's exact test of exact match; null when a shared task was sampled more than once, which has no single right or wrong. */
  mcnemar: McnemarResult | null;
}

export interface CompareEpisodesOptions extends BootstrapOptions {
  /** Episodes of the model compared against. */
  baseline: readonly EpisodeMeasures[];
  /** Episodes of the model in question. */
  candidate: readonly EpisodeMeasures[];
}

/**
 * Compares two models task by task. Tasks are matched by environment, id and question; several samples of one task are averaged first.
 *
 * @throws RangeError if an option makes no sense.
 */
export function compareEpisodes(options: CompareEpisodesOptions): EpisodeComparison {
  const bootstrap = completeBootstrapOptions(options);
  const baseline = groupByTask(options.baseline);
  const candidate = groupByTask(options.candidate);
  const pairs = [...baseline].flatMap(([key, before]) => {
    const after = candidate.get(key);
    return after === undefined ? [] : [{ before, after }];
  });
  const measures = Object.fromEntries(
    measureNames.map((name) => [name, compareValues((episode) => episode[name], pairs, bootstrap)]),
  ) as Record<MeasureName, MeasureComparison>;
  const shared = pairs.flatMap(({ before, after }) => [...before, ...after]);
  const occurring = new Set(shared.flatMap(({ cause }) => cause?.name ?? []));
  const causes = Object.fromEntries(
    causeNames
      .filter((name) => occurring.has(name))
      .map((name) => [name, compareValues(({ cause }) => Number(cause?.name === name), pairs, bootstrap)]),
  );
  const singles = pairs.flatMap(({ before, after }) => {
    const [first, second] = [before[0], after[0]];
    if (before.length > 1 || after.length > 1 || first === undefined || second === undefined) return [];
    return first.exactMatch === null || second.exactMatch === null ? [] : [{ first, second }];
  });
  const isSampledOnce = pairs.every(({ before, after }) => before.length === 1 && after.length === 1);
  return {
    sharedTasks: pairs.length,
    baselineOnlyTasks: baseline.size - pairs.length,
    candidateOnlyTasks: candidate.size - pairs.length,
    measures,
    causes,
    mcnemar: isSampledOnce
      ? mcnemar({
          baseline: singles.map(({ first }) => first.exactMatch === 1),
          candidate: singles.map(({ second }) => second.exactMatch === 1),
        })
      : null,
  };
}

interface Pair {
  before: EpisodeMeasures[];
  after: EpisodeMeasures[];
}

function compareValues(
  measure: (episode: EpisodeMeasures) => number | null,
  pairs: readonly Pair[],
  options: Required<BootstrapOptions>,
): MeasureComparison {
  const both = pairs
    .map(({ before, after }) => ({ before: meanOf(before, measure), after: meanOf(after, measure) }))
    .filter(({ before, after }) => Number.isFinite(before) && Number.isFinite(after));
  const baseline = both.map(({ before }) => before);
  const candidate = both.map(({ after }) => after);
  return {
    baseline: average(baseline),
    candidate: average(candidate),
    difference: pairedBootstrap({ ...options, baseline, candidate }),
    pValue: permutationTest({ baseline, candidate, seed: options.seed }).pValue,
  };
}

function groupByTask(episodes: readonly EpisodeMeasures[]): Map<string, EpisodeMeasures[]> {
  const result = new Map<string, EpisodeMeasures[]>();
  for (const episode of episodes) {
    const key = taskKey(episode);
    result.set(key, [...(result.get(key) ?? []), episode]);
  }
  return result;
}

const meanOf = (episodes: readonly EpisodeMeasures[], measure: (episode: EpisodeMeasures) => number | null) =>
  average(episodes.flatMap((episode) => measure(episode) ?? []));

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
