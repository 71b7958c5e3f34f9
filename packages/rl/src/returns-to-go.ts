import { generalizedAdvantageEstimation } from './generalized-advantage-estimation.js';
import type { Grid } from './grid.js';

/** `G_t = r_t + γ G_{t+1}` from policy token to policy token: the whole return is the advantage over a critic that expects nothing. */
export function returnsToGo(options: { rewards: Grid; policyMask: Grid; gamma?: number }): Grid {
  const { policyMask } = options;
  const values = { data: new Float32Array(policyMask.data.length), shape: policyMask.shape };
  return generalizedAdvantageEstimation({ ...options, values, mask: policyMask }).advantages;
}
