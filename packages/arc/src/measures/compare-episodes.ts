import { type CauseName, causeNames } from '../diagnostics/cause.js';
import { type BootstrapOptions, completeBootstrapOptions } from '../statistics/bootstrap-figures.js';
import type { Figure } from '../statistics/figure.js';
import type { McnemarResult } from '../statistics/mcnemar.js';
import { pairedBootstrap } from '../statistics/paired-bootstrap.js';
import { permutationTest } from '../statistics/permutation-test.js';
import { type EpisodeMeasures, type MeasureName, measureNames } from './measure-trajectory.js';
import {
  average,
  compareExactMatch,
  type EpisodePair,
  type PairedMeasure,
  pairEpisodes,
  pairedValues,
} from './pair-episodes.js';

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
  const { pairs, baselineOnly, candidateOnly } = pairEpisodes(options);
  const compare: CompareMeasure = (measure) => {
    const values = pairedValues(pairs, measure);
    return {
      baseline: average(values.baseline),
      candidate: average(values.candidate),
      difference: pairedBootstrap({ ...bootstrap, ...values }),
      pValue: permutationTest({ ...values, seed: bootstrap.seed }).pValue,
    };
  };
  return {
    sharedTasks: pairs.length,
    baselineOnlyTasks: baselineOnly,
    candidateOnlyTasks: candidateOnly,
    ...compareEach(pairs, compare),
    mcnemar: compareExactMatch(pairs),
  };
}

/** Compares one measure of both models over all tasks. */
export type CompareMeasure = (measure: PairedMeasure) => MeasureComparison;

/** Every measure, and every cause that an episode has. */
export function compareEach(
  pairs: readonly EpisodePair[],
  compare: CompareMeasure,
): Pick<EpisodeComparison, 'measures' | 'causes'> {
  const occurring = new Set(
    pairs.flatMap(({ before, after }) => [...before, ...after]).flatMap(({ cause }) => cause?.name ?? []),
  );
  return {
    measures: Object.fromEntries(
      measureNames.map((name) => [name, compare((episode) => episode[name])]),
    ) as EpisodeComparison['measures'],
    causes: Object.fromEntries(
      causeNames
        .filter((name) => occurring.has(name))
        .map((name) => [name, compare(({ cause }) => Number(cause?.name === name))]),
    ),
  };
}
