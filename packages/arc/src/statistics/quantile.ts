/**
 * Quantile of ascending values by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996, the default of NumPy).
 *
 * @param sorted Values in ascending order, not empty.
 * @param probability In [0, 1].
 * @throws RangeError if there are no values or the probability is outside [0, 1].
 */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  if (sorted.length === 0) throw new RangeError('quantile: there are no values');
  if (!(probability >= 0 && probability <= 1)) throw new RangeError(`quantile: ${probability} is not in [0, 1]`);
  const position = probability * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (high - low) * (position - below);
}
