export interface PairedValues {
  /** Values of the model compared against, one per task. */
  baseline: ArrayLike<number>;
  /** Values of the model in question on the same tasks in the same order. */
  candidate: ArrayLike<number>;
}

/**
 * Candidate minus baseline, pair by pair; pairs with a value that is not finite are left out.
 *
 * @throws RangeError if the two differ in length.
 */
export function pairedDifferences({ baseline, candidate }: PairedValues): number[] {
  if (baseline.length !== candidate.length) {
    throw new RangeError(`paired comparison: ${baseline.length} baseline and ${candidate.length} candidate values`);
  }
  return Array.from(baseline, (value, index) => (candidate[index] ?? Number.NaN) - value).filter(Number.isFinite);
}
