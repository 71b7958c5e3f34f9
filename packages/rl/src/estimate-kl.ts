import { type Grid, requireSameShape } from './grid.js';

/**
 * Estimators of KL(policy ‖ reference) from the sampled tokens (Schulman 2020, http://joschu.net/blog/kl-approx.html). With
 * `k1 = log π − log π_ref`:
 * - `k1`: unbiased; subtracted from the reward it gives the policy gradient of the KL. As a loss its expected gradient is 0.
 * - `k2`: `½ k1²`, biased, with the right gradient as a loss.
 * - `k3`: `e^−k1 + k1 − 1`, never negative and unbiased but for its clamp to 10 (verl's `low_var_kl`); its gradient as a loss is that of
 *   KL(reference ‖ policy).
 * - `abs`: `|k1|`.
 */
export type KlEstimator = 'k1' | 'k2' | 'k3' | 'abs';

const clamp = (value: number, limit: number) => Math.min(limit, Math.max(-limit, value));

const estimators: Record<KlEstimator, (k1: number) => number> = {
  k1: (k1) => k1,
  k2: (k1) => 0.5 * k1 * k1,
  k3: (k1) => clamp(Math.exp(clamp(-k1, 20)) + clamp(k1, 20) - 1, 10),
  abs: Math.abs,
};

export interface EstimateKlOptions {
  /** Of the sampled tokens under the policy that sampled them. */
  logProbs: Grid;
  /** Of the same tokens under the teacher. */
  referenceLogProbs: Grid;
  /** @default 'k1' */
  estimator?: KlEstimator;
  /** 1 on tokens of the policy. Without it the masked entries hold whatever the inputs make of them. */
  policyMask?: Grid;
}

/**
 * One estimate per token (`kl_penalty` of verl and of the released DGPO code).
 *
 * @returns a grid `[batch, time]` in nats, 0 outside `policyMask`
 * @throws RangeError when the grids differ in shape.
 */
export function estimateKl(options: EstimateKlOptions): Grid {
  const { logProbs, referenceLogProbs, estimator = 'k1', policyMask } = options;
  requireSameShape({ logProbs, referenceLogProbs, ...(policyMask === undefined ? {} : { policyMask }) });
  const estimate = estimators[estimator];
  const data = logProbs.data.map((logProb, index) =>
    policyMask === undefined || policyMask.data[index] === 1
      ? estimate(logProb - (referenceLogProbs.data[index] as number))
      : 0,
  );
  return { data, shape: logProbs.shape };
}
