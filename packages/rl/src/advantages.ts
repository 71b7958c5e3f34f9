import type { Grid } from './grid.js';

export interface GaeOptions {
  rewards: Grid;
  values: Grid;
  /** 1 on real tokens, those of observations included. */
  mask: Grid;
  /** 1 on tokens of the policy. */
  policyMask: Grid;
  /** @default 1 */
  gamma?: number;
  /** @default 1 */
  lambda?: number;
  /**
   * `legacy` steps over every real token, observations too, as the released code does; `skip-observations` goes from policy token to
   * policy token. Equal for γ = λ = 1 on policy tokens.
   * @default 'skip-observations'
   */
  mode?: 'legacy' | 'skip-observations';
}

/** Generalised advantage estimation (Schulman et al. 2016, arXiv 1506.02438, eq. 16); 0 outside the mask that is stepped over. */
export function generalizedAdvantageEstimation(options: GaeOptions): { advantages: Grid; returns: Grid } {
  const { rewards, values, gamma = 1, lambda = 1, mode = 'skip-observations' } = options;
  const { data: steps } = mode === 'legacy' ? options.mask : options.policyMask;
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

/** `(x − mean) / √(variance + 1e-8)` with the unbiased variance over the mask; 0 outside it. */
export function whiten(options: { values: Grid; mask: Grid }): Grid {
  const { values, mask } = options;
  let count = 0;
  let sum = 0;
  values.data.forEach((value, index) => {
    if (mask.data[index] !== 1) return;
    count += 1;
    sum += value;
  });
  const mean = count === 0 ? 0 : sum / count;
  let squares = 0;
  values.data.forEach((value, index) => {
    if (mask.data[index] === 1) squares += (value - mean) ** 2;
  });
  const scale = 1 / Math.sqrt((count > 1 ? squares / (count - 1) : 0) + 1e-8);
  const data = values.data.map((value, index) => (mask.data[index] === 1 ? (value - mean) * scale : 0));
  return { data, shape: values.shape };
}

/**
 * Advantages relative to the other samples of the same task (GRPO, arXiv 2402.03300; without the division, Dr. GRPO, arXiv
 * 2503.20783). A group of one keeps its score, as in the reference.
 *
 * @param options.groups task id of every sample, never a row index
 * @returns `[batch]`
 */
export function groupRelativeAdvantages(options: {
  scores: Float32Array;
  groups: readonly string[];
  /** @default true */
  normalizeByStd?: boolean;
  /** @default 1e-6 */
  epsilon?: number;
}): Float32Array {
  const { scores, groups, normalizeByStd = true, epsilon = 1e-6 } = options;
  const members = new Map<string, number[]>();
  groups.forEach((group, index) => {
    members.set(group, [...(members.get(group) ?? []), index]);
  });
  const advantages = new Float32Array(scores.length);
  for (const indices of members.values()) {
    const own = indices.map((index) => scores[index] as number);
    const mean = own.length === 1 ? 0 : own.reduce((sum, score) => sum + score, 0) / own.length;
    const variance = own.length === 1 ? 1 : own.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (own.length - 1);
    const scale = normalizeByStd ? 1 / (Math.sqrt(variance) + epsilon) : 1;
    indices.forEach((index, position) => {
      advantages[index] = ((own[position] as number) - mean) * scale;
    });
  }
  return advantages;
}
