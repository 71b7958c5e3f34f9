/**
 * A measured mean with its interval. When nothing was measured (`count` 0) the three numbers are NaN, which JSON writes as `null`
 * and every formatter here as a dash.
 */
export interface Figure {
  /** Mean of the measured values. */
  mean: number;
  /** Lower end of the interval. */
  low: number;
  /** Upper end of the interval. */
  high: number;
  /** How many values the mean is over. */
  count: number;
}

/** The figure of nothing measured. */
export const emptyFigure = (): Figure => ({ mean: Number.NaN, low: Number.NaN, high: Number.NaN, count: 0 });

/** Narrows an unknown to a {@link Figure}. */
export function isFigure(value: unknown): value is Figure {
  return typeof value === 'object' && value !== null && 'mean' in value && 'low' in value && 'high' in value;
}
