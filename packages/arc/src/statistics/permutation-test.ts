import { createRandom } from '@dgpo/trajectory';
import { type PairedValues, pairedDifferences } from './paired-differences.js';

export interface PermutationTestOptions extends PairedValues {
  /** Random sign patterns drawn when enumeration is not possible. @default 10000 */
  permutations?: number;
  /** Seed of the drawing. @default 0 */
  seed?: number;
}

export interface PermutationTestResult {
  /** Mean of candidate minus baseline; NaN without pairs. */
  meanDifference: number;
  /** Two-sided: the share of sign patterns at least as far from 0. 1 if no pair differs. */
  pValue: number;
  /** Whether all sign patterns were enumerated. */
  exact: boolean;
  /** Number of pairs. */
  count: number;
}

/** Up to this many pairs that differ, all 2^n sign patterns are enumerated. */
const maximumEnumerated = 16;

/**
 * Two-sided paired permutation test: under the null hypothesis the two models are exchangeable on each task, so the sign of each
 * difference is arbitrary (Fisher 1935; Dror et al. 2018). Exact with at most 16 pairs that differ; otherwise the estimate
 * `(1 + hits) / (1 + permutations)` of Phipson and Smyth 2010, which is never 0.
 *
 * @throws RangeError if the lengths differ or `permutations` is no positive whole number.
 */
export function permutationTest(options: PermutationTestOptions): PermutationTestResult {
  const { permutations = 10_000, seed = 0 } = options;
  if (!Number.isInteger(permutations) || permutations < 1) {
    throw new RangeError(`permutations must be a whole number of at least 1, not ${permutations}`);
  }
  const differences = pairedDifferences(options);
  const total = differences.reduce((sum, value) => sum + value, 0);
  const count = differences.length;
  const meanDifference = total / count;
  const moving = differences.filter((value) => value !== 0);
  if (moving.length === 0) return { meanDifference, pValue: 1, exact: true, count };

  // Sums of the same numbers in another order or sign differ by rounding; that must not decide a tie.
  const tolerance = 1e-12 * moving.reduce((sum, value) => sum + Math.abs(value), 0);
  const isAsFar = (sum: number) => Math.abs(sum) >= Math.abs(total) - tolerance;
  const exact = moving.length <= maximumEnumerated;
  const patterns = exact ? 2 ** moving.length : permutations;
  const random = createRandom(seed).split('permutation', moving.length);
  let hits = 0;
  for (let pattern = 0; pattern < patterns; pattern++) {
    let sum = 0;
    for (let index = 0; index < moving.length; index++) {
      const value = moving[index] ?? 0;
      const isFlipped = exact ? ((pattern >> index) & 1) === 1 : random.next() < 0.5;
      sum += isFlipped ? -value : value;
    }
    if (isAsFar(sum)) hits++;
  }
  const pValue = exact ? hits / patterns : (hits + 1) / (patterns + 1);
  return { meanDifference, pValue, exact, count };
}
