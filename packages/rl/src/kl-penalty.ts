import type { Grid } from './grid.js';

/** Estimators of KL(student ‖ teacher) from the sampled tokens (Schulman 2020, http://joschu.net/blog/kl-approx.html). */
export type KlEstimator = 'k1' | 'k2' | 'k3' | 'abs';

const clamp = (value: number, limit: number) => Math.min(limit, Math.max(-limit, value));

/**
 * One estimate per token. `k1` is `logProb − reference`, `k2` half its square, `k3` `e^−k1 + k1 − 1` (clamped to ±10 as in verl's
 * `low_var_kl`), `abs` its absolute value. What is masked later may hold anything here.
 */
export function estimateKl(options: { logProbs: Grid; referenceLogProbs: Grid; estimator?: KlEstimator }): Grid {
  const { logProbs, referenceLogProbs, estimator = 'k1' } = options;
  const data = logProbs.data.map((logProb, index) => {
    const k1 = logProb - (referenceLogProbs.data[index] as number);
    if (estimator === 'k1') return k1;
    if (estimator === 'k2') return 0.5 * k1 * k1;
    if (estimator === 'abs') return Math.abs(k1);
    return clamp(Math.exp(clamp(-k1, 20)) + k1 - 1, 10);
  });
  return { data, shape: logProbs.shape };
}

export interface KlPenaltyOptions {
  /** `[batch]`: reward of each episode, given at its last policy token. */
  scores: Float32Array;
  kl: Grid;
  /** 1 where the policy sampled the token. */
  policyMask: Grid;
  /** `[batch]`: 1 where the penalty applies, see `failureGate`. */
  gate: Float32Array;
  beta: number;
  /**
   * `sum` subtracts `β·kl` at every token (the reference form): a longer episode can pay more, so ending early can be worth it.
   * `token-mean` divides by the number of policy tokens, which takes that incentive away.
   * @default 'sum'
   */
  aggregation?: 'sum' | 'token-mean';
}

export interface KlPenalty {
  /** Reward per token. */
  rewards: Grid;
  /** `[batch]`: the whole penalty of each row, `β·Σkl` or its mean form; 0 where the gate is closed. */
  rowPenalty: Float32Array;
  /** Mean over gated rows of the row penalty: what to compare with a reward of 1. */
  betaKlSumMean: number;
  /** Mean of the estimate over the policy tokens of gated rows. */
  klMean: number;
}

/** Puts the gated KL penalty into the rewards (`apply_kl_penalty` of the released DGPO code). */
export function applyKlPenalty(options: KlPenaltyOptions): KlPenalty {
  const { scores, kl, policyMask, gate, beta, aggregation = 'sum' } = options;
  const [batch, time] = kl.shape;
  const rewards = new Float32Array(batch * time);
  const rowPenalty = new Float32Array(batch);
  let gatedRows = 0;
  let gatedTokens = 0;
  let klSum = 0;
  let penaltySum = 0;
  for (let row = 0; row < batch; row++) {
    const tokens: number[] = [];
    for (let index = row * time; index < (row + 1) * time; index++) if (policyMask.data[index] === 1) tokens.push(index);
    const last = tokens.at(-1);
    if (last === undefined) continue;
    if (gate[row] === 1) {
      gatedRows += 1;
      const scale = aggregation === 'sum' ? beta : beta / tokens.length;
      let sum = 0;
      for (const index of tokens) {
        const value = kl.data[index] as number;
        rewards[index] = -scale * value;
        sum += value;
      }
      klSum += sum;
      gatedTokens += tokens.length;
      rowPenalty[row] = scale * sum;
      penaltySum += scale * sum;
    }
    rewards[last] = (rewards[last] as number) + (scores[row] as number);
  }
  return {
    rewards: { data: rewards, shape: kl.shape },
    rowPenalty,
    betaKlSumMean: gatedRows === 0 ? 0 : penaltySum / gatedRows,
    klMean: gatedTokens === 0 ? 0 : klSum / gatedTokens,
  };
}
