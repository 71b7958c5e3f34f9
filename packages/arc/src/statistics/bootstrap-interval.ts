import { type BootstrapOptions, bootstrapFigures } from './bootstrap-figures.js';
import { emptyFigure, type Figure } from './figure.js';

export interface BootstrapIntervalOptions extends BootstrapOptions {
  /** The measured values; those that are not finite are left out and not counted. */
  values: ArrayLike<number>;
  /** What each value belongs to; values of one cluster are drawn together. @default every value on its own */
  clusters?: readonly string[];
}

/**
 * Mean and percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13). Values that are all equal give an interval of no
 * width: with 0 right of n, the true rate may still be as high as about 3/n.
 *
 * @throws RangeError if an option makes no sense or `clusters` has another length.
 */
export function bootstrapInterval(options: BootstrapIntervalOptions): Figure {
  const { values, ...rest } = options;
  return bootstrapFigures({ ...rest, columns: [values] })[0] ?? emptyFigure();
}
