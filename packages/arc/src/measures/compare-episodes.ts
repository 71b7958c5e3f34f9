import { type BootstrapOptions, completeBootstrapOptions } from '../statistics/bootstrap-figures.js';
import type { Figure } from '../statistics/figure.js';
import type { McnemarResult } from '../statistics/mcnemar.js';
import { pairedBootstrap } from '../statistics/paired-bootstrap.js';
import { permutationTest } from '../statistics/permutation-test.js';
import { type EpisodeMeasures, type MeasureName, measureNames } from './measure-trajectory.js';
import { average, compareExactMatch, pairEpisodes, pairedValues } from './pair-episodes.js';

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
  const { pairs, baselineOnly, candidateOnly } = pairEpisodes(options);
  const measures = Object.fromEntries(
    measureNames.map((name) => {
      const values = pairedValues(pairs, name);
      const { baseline, candidate } = values;
      const comparison: MeasureComparison = {
        baseline: average(baseline),
        candidate: average(candidate),
        difference: pairedBootstrap({ ...bootstrap, ...values }),
        pValue: permutationTest({ ...values, seed: bootstrap.seed }).pValue,
      };
      return [name, comparison];
    }),
  ) as Record<MeasureName, MeasureComparison>;
  return {
    sharedTasks: pairs.length,
    baselineOnlyTasks: baselineOnly,
    candidateOnlyTasks: candidateOnly,
    measures,
    mcnemar: compareExactMatch(pairs),
  };
}
