import { type Grid, requireLength, requireSameShape } from './grid.js';

export interface KlPenaltyOptions {
  /** `[batch]`: reward of each episode, given at its last policy token. */
  scores: Float32Array;
  /** One estimate per token, see {@link estimateKl}; what is masked may be NaN. */
  kl: Grid;
  /** 1 where the policy sampled the token. */
  policyMask: Grid;
  /** `[batch]`: 1 where the penalty applies, see {@link failureGate}. */
  gate: Float32Array;
  /** Reward lost per nat. */
  beta: number;
  /**
   * `sum` subtracts `β·kl` at every token (the reference form): a longer episode can pay more, so ending early can be worth it.
   * `token-mean` subtracts `β·kl / n` with n the policy tokens of the row, so its total is the mean and length alone cannot pay.
   * @default 'sum'
   */
  aggregation?: 'sum' | 'token-mean';
}

export interface KlPenalty {
  /** Reward per token, 0 where the policy did not sample. */
  rewards: Grid;
  /** `[batch]`: what each row loses in all, `β·Σkl` or `β·Σkl / n`; 0 where the gate is closed. */
  rowPenalty: Float32Array;
  /** Mean of `rowPenalty` over gated rows: choose β by comparing this with the reward, not by its bare value. */
  betaKlSumMean: number;
  /** Mean of the estimate over the policy tokens of gated rows, in nats; correct rows do not dilute it. */
  klMean: number;
  /** Rows with an open gate and at least one policy token. */
  gatedRows: number;
}

/**
 * Puts the gated KL penalty into the rewards (`apply_kl_penalty` of the released DGPO code): correct episodes keep their reward, the
 * others pay for every token that the teacher would not have written. A row without policy tokens gets no reward at all, since there
 * is no action to credit. No gated rows: the means are 0.
 *
 * @throws RangeError when the shapes do not fit.
 */
export function applyKlPenalty(options: KlPenaltyOptions): KlPenalty {
  const { scores, kl, policyMask, gate, beta, aggregation = 'sum' } = options;
  requireSameShape({ kl, policyMask });
  const [batch, time] = kl.shape;
  requireLength('scores', scores.length, batch);
  requireLength('gate', gate.length, batch);
  const rewards = new Float32Array(batch * time);
  const rowPenalty = new Float32Array(batch);
  let gatedRows = 0;
  let gatedTokens = 0;
  let klSum = 0;
  let penaltySum = 0;
  for (let row = 0; row < batch; row++) {
    const tokens: number[] = [];
    for (let index = row * time; index < (row + 1) * time; index++) {
      if (policyMask.data[index] === 1) tokens.push(index);
    }
    const last = tokens.at(-1);
    if (last === undefined) continue;
    const score = scores[row] as number;
    if (gate[row] !== 1) {
      rewards[last] = score;
      continue;
    }
    const scale = aggregation === 'sum' ? beta : beta / tokens.length;
    let rowSum = 0;
    for (const index of tokens) {
      const value = kl.data[index] as number;
      rewards[index] = (index === last ? score : 0) - scale * value;
      rowSum += value;
    }
    gatedRows += 1;
    gatedTokens += tokens.length;
    klSum += rowSum;
    rowPenalty[row] = scale * rowSum;
    penaltySum += scale * rowSum;
  }
  return {
    rewards: { data: rewards, shape: kl.shape },
    rowPenalty,
    betaKlSumMean: gatedRows === 0 ? 0 : penaltySum / gatedRows,
    klMean: gatedTokens === 0 ? 0 : klSum / gatedTokens,
    gatedRows,
  };
}
