import type { BootstrapOptions } from './bootstrap-figures.js';
import { bootstrapInterval } from './bootstrap-interval.js';
import type { Figure } from './figure.js';
import { type PairedValues, pairedDifferences } from './paired-differences.js';

export interface PairedBootstrapOptions extends PairedValues, BootstrapOptions {}

/**
 * Mean of candidate minus baseline over the same tasks, with its percentile bootstrap interval; tasks are drawn, so both models always
 * see the same draw (Koehn 2004, "Statistical significance tests for machine translation evaluation").
 *
 * @throws RangeError if the lengths differ or an option makes no sense.
 */
export function pairedBootstrap(options: PairedBootstrapOptions): Figure {
  const { baseline, candidate, ...rest } = options;
  return bootstrapInterval({ ...rest, values: pairedDifferences({ baseline, candidate }) });
}
