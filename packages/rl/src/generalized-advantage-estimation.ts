import { type Grid, requireSameShape } from './grid.js';

export interface GaeOptions {
  /** Token rewards, such as {@link applyKlPenalty} makes them. */
  rewards: Grid;
  /** Of the critic: what it expects from before this token on. */
  values: Grid;
  /** 1 on what was sampled or observed after the prompt, 0 on the prompt and on padding. Read by `legacy` alone. */
  mask: Grid;
  /** 1 on tokens of the policy. */
  policyMask: Grid;
  /** Discount per step. @default 1 */
  gamma?: number;
  /** Weight of longer returns: 0 is the one-step advantage, 1 the whole return less the value. @default 1 */
  lambda?: number;
  /**
   * `legacy` steps over every token of `mask`, observations too, as the released DGPO code does. `skip-observations` goes from policy
   * token to policy token (verl, pull request 2337), so neither a discount nor the critic's opinion of a retrieved text gets in
   * between; it reads rewards on policy tokens only. On policy tokens both are equal for γ = λ = 1.
   * @default 'skip-observations'
   */
  mode?: 'legacy' | 'skip-observations';
}

/**
 * Generalised advantage estimation (Schulman et al. 2016, arXiv 1506.02438, eq. 16): with `δ_t = r_t + γ V_{t+1} − V_t`, the advantage
 * is `A_t = δ_t + γλ A_{t+1}` and the return `A_t + V_t`. The value after the last token is 0.
 *
 * @returns grids `[batch, time]`, 0 on tokens that are not stepped over; what lies there in the inputs may be NaN
 * @throws RangeError when the grids differ in shape.
 */
export function generalizedAdvantageEstimation(options: GaeOptions): { advantages: Grid; returns: Grid } {
  const { rewards, values, mask, policyMask, gamma = 1, lambda = 1, mode = 'skip-observations' } = options;
  requireSameShape({ rewards, values, mask, policyMask });
  const steps = mode === 'legacy' ? mask.data : policyMask.data;
  const [batch, time] = rewards.shape;
  const advantages = new Float32Array(batch * time);
  const returns = new Float32Array(batch * time);
  for (let row = 0; row < batch; row++) {
    let nextValue = 0;
    let nextAdvantage = 0;
    for (let index = (row + 1) * time - 1; index >= row * time; index--) {
      if (steps[index] !== 1) continue;
      const value = values.data[index] as number;
      nextAdvantage = (rewards.data[index] as number) + gamma * nextValue - value + gamma * lambda * nextAdvantage;
      nextValue = value;
      advantages[index] = nextAdvantage;
      returns[index] = nextAdvantage + value;
    }
  }
  return { advantages: { data: advantages, shape: rewards.shape }, returns: { data: returns, shape: rewards.shape } };
}
