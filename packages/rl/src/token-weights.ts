import type { Grid } from './grid.js';

/** How the losses of single tokens become one number, under verl's names (`loss_agg_mode`). */
export type Aggregation = 'token-mean' | 'seq-mean-token-sum' | 'seq-mean-token-mean' | 'seq-mean-token-sum-norm';

export interface TokenWeightsOptions {
  /** Of the whole mini-batch: 1 on the tokens that count. */
  mask: Grid;
  /**
   * - `token-mean`: every token weighs the same (verl's default; DAPO, arXiv 2503.14476).
   * - `seq-mean-token-sum`: summed over each episode, averaged over episodes.
   * - `seq-mean-token-mean`: averaged over each episode, then over episodes (GRPO, arXiv 2402.03300).
   * - `seq-mean-token-sum-norm`: as `seq-mean-token-sum`, divided by the constant `maxTokens` (Dr. GRPO, arXiv 2503.20783).
   * @default 'token-mean'
   */
  aggregation?: Aggregation;
  /** Divisor of `seq-mean-token-sum-norm`: the token budget of an episode, the same all through a training. */
  maxTokens?: number;
}

/**
 * Weight of every token, so that a loss is `Σ weight · token loss`. Make the weights once for a mini-batch and cut them with it: the
 * losses and gradients of micro-batches then add up to those of the mini-batch, however it is cut. Episodes without a token that
 * counts are not averaged over; no tokens at all give only zeros.
 *
 * These are `agg_loss` of verl over the whole mini-batch. Where its versions disagree, an episode here counts only if it has a token, and
 * `seq-mean-token-sum-norm` is a mean over episodes, as the name says and Dr. GRPO defines it; older versions sum over them.
 *
 * @returns a grid `[batch, time]`, 0 outside the mask
 * @throws RangeError when `seq-mean-token-sum-norm` lacks a positive `maxTokens`.
 */
export function tokenWeights(options: TokenWeightsOptions): Grid {
  const { mask, aggregation = 'token-mean', maxTokens } = options;
  const [batch, time] = mask.shape;
  const counts = Array.from({ length: batch }, (_, row) =>
    mask.data.subarray(row * time, (row + 1) * time).reduce((count, value) => count + (value === 1 ? 1 : 0), 0),
  );
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  const episodes = counts.filter((count) => count > 0).length;
  const weightOf = (count: number): number => {
    switch (aggregation) {
      case 'token-mean':
        return 1 / tokens;
      case 'seq-mean-token-sum':
        return 1 / episodes;
      case 'seq-mean-token-mean':
        return 1 / (episodes * count);
      case 'seq-mean-token-sum-norm':
        if (maxTokens === undefined || !(maxTokens > 0)) {
          throw new RangeError(`seq-mean-token-sum-norm needs a positive maxTokens, found ${maxTokens}`);
        }
        return 1 / (episodes * maxTokens);
    }
  };
  const perRow = counts.map(weightOf);
  const data = mask.data.map((value, index) => (value === 1 ? (perRow[Math.floor(index / time)] as number) : 0));
  return { data, shape: mask.shape };
}
