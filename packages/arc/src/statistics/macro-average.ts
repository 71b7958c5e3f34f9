import { createRandom } from '@dgpo/trajectory';
import { type BootstrapOptions, completeBootstrapOptions } from './bootstrap-figures.js';
import { emptyFigure, type Figure } from './figure.js';
import { quantile } from './quantile.js';

export interface MacroAverageOptions extends BootstrapOptions {
  /** The measured values of each set, one a question; a set without values is left out. */
  sets: readonly ArrayLike<number>[];
}

const meanOf = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The unweighted mean of the means of several sets, as tables over benchmarks give it, with a percentile interval of the stratified
 * bootstrap (Efron and Tibshirani 1993, chapters 8 and 13): questions are drawn with replacement within each set, so the interval is over
 * questions and takes the sets as given. `count` is the number of sets.
 *
 * @throws RangeError if an option makes no sense.
 */
export function macroAverage(options: MacroAverageOptions): Figure {
  const { bootstrapSamples, confidence, seed } = completeBootstrapOptions(options);
  const sets = options.sets.filter((values) => values.length > 0);
  if (sets.length === 0) return emptyFigure();
  const means = new Float64Array(bootstrapSamples);
  sets.forEach((values, set) => {
    const random = createRandom(seed).split('macro-average', set, values.length);
    for (let sample = 0; sample < bootstrapSamples; sample++) {
      let sum = 0;
      for (let draw = 0; draw < values.length; draw++) sum += values[random.integer(values.length)] ?? 0;
      means[sample] = (means[sample] ?? 0) + sum / values.length / sets.length;
    }
  });
  means.sort();
  const tail = (1 - confidence) / 2;
  return {
    mean: meanOf(sets.map(meanOf)),
    low: quantile(means, tail),
    high: quantile(means, 1 - tail),
    count: sets.length,
  };
}
