import { type Grid, requireSameShape } from './grid.js';
import { type KlDirection, type KlEstimator, tokenKl } from './token-kl.js';

export interface EstimateKlOptions {
  /** Of the sampled tokens under the policy that sampled them. */
  logProbs: Grid;
  /** Of the same tokens under the teacher. */
  referenceLogProbs: Grid;
  /** @default 'k1' */
  estimator?: KlEstimator;
  /** @default 'reverse' */
  direction?: KlDirection;
  /** 1 on tokens of the policy. Without it the masked entries hold whatever the inputs make of them. */
  policyMask?: Grid;
}

/**
 * One estimate per token (`kl_penalty` of verl and of the released DGPO code; with `forward` weighted by `π_ref / π`, since the tokens
 * are those of the policy). As a penalty in the reward only reverse `k1` has the right gradient, see {@link checkKlForm}.
 *
 * @returns a grid `[batch, time]` in nats, 0 outside `policyMask`
 * @throws RangeError when the grids differ in shape.
 */
export function estimateKl(options: EstimateKlOptions): Grid {
  const { logProbs, referenceLogProbs, estimator = 'k1', direction = 'reverse', policyMask } = options;
  requireSameShape({ logProbs, referenceLogProbs, ...(policyMask === undefined ? {} : { policyMask }) });
  const data = logProbs.data.map((logProb, index) =>
    policyMask === undefined || policyMask.data[index] === 1
      ? tokenKl({ logProb, referenceLogProb: referenceLogProbs.data[index] as number, estimator, direction }).value
      : 0,
  );
  return { data, shape: logProbs.shape };
}
