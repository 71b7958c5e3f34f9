/** A mean over runs with its 95 % interval. */
export interface SeedInterval {
  mean: number;
  low: number;
  high: number;
  values: number[];
}

/** Two-sided 95 % quantiles of Student's t for 1 to 9 degrees of freedom. */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/** Those of more degrees of freedom, to 3 decimals. Source: Abramowitz and Stegun 26.7.5. */
function largeQuantile(freedom: number): number {
  const z = 1.959964;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3)
  );
}

/**
 * Mean and 95 % interval of independent runs by Student's t: what another seed may give, which intervals over questions do not say.
 * The interval of one run is not finite.
 */
export function seedInterval(values: readonly number[]): SeedInterval {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const quantile = quantiles[count - 2] ?? largeQuantile(count - 1);
  const half = count < 2 ? Number.POSITIVE_INFINITY : quantile * Math.sqrt(variance / count);
  return { mean, low: mean - half, high: mean + half, values: [...values] };
}
