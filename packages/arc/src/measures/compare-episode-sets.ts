import { type BootstrapOptions, completeBootstrapOptions } from '../statistics/bootstrap-figures.js';
import { macroAverage } from '../statistics/macro-average.js';
import { permutationTest } from '../statistics/permutation-test.js';
import {
  type CompareEpisodesOptions,
  type CompareMeasure,
  compareEach,
  type EpisodeComparison,
} from './compare-episodes.js';
import { average, compareExactMatch, pairEpisodes, pairedValues } from './pair-episodes.js';

export interface CompareEpisodeSetsOptions extends BootstrapOptions {
  /** The episodes of both models on each set, as `compareEpisodes` takes them. */
  sets: readonly Pick<CompareEpisodesOptions, 'baseline' | 'candidate'>[];
}

/**
 * Compares two models over several sets that all weigh the same, as tables over benchmarks average them. A difference is the unweighted
 * mean of the differences of the sets in which the measure was taken, its interval that of `macroAverage`: tasks are drawn within each
 * set. The permutation test flips the signs of tasks for the same mean. McNemar's test is over the tasks of all sets.
 *
 * @throws RangeError if an option makes no sense.
 */
export function compareEpisodeSets(options: CompareEpisodeSetsOptions): EpisodeComparison {
  const bootstrap = completeBootstrapOptions(options);
  const sets = options.sets.map(pairEpisodes);
  const compare: CompareMeasure = (measure) => {
    const measured = sets
      .map(({ pairs }) => pairedValues(pairs, measure))
      .filter(({ baseline }) => baseline.length > 0);
    const count = measured.reduce((sum, { baseline }) => sum + baseline.length, 0);
    const differences = measured.map(({ baseline, candidate }) =>
      baseline.map((before, task) => (candidate[task] ?? Number.NaN) - before),
    );
    // With these weights the mean over all tasks is the mean over sets.
    const weighted = differences.flatMap((values) =>
      values.map((value) => (value * count) / (values.length * differences.length)),
    );
    return {
      baseline: average(measured.map(({ baseline }) => average(baseline))),
      candidate: average(measured.map(({ candidate }) => average(candidate))),
      difference: { ...macroAverage({ ...bootstrap, sets: differences }), count },
      pValue: permutationTest({ baseline: weighted.map(() => 0), candidate: weighted, seed: bootstrap.seed }).pValue,
    };
  };
  const all = sets.flatMap(({ pairs }) => pairs);
  const sum = (pick: (set: (typeof sets)[number]) => number) => sets.reduce((total, set) => total + pick(set), 0);
  return {
    sharedTasks: sum(({ pairs }) => pairs.length),
    baselineOnlyTasks: sum(({ baselineOnly }) => baselineOnly),
    candidateOnlyTasks: sum(({ candidateOnly }) => candidateOnly),
    ...compareEach(all, compare),
    mcnemar: compareExactMatch(all),
  };
}
