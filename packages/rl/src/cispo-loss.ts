import * as tf from '@tensorflow/tfjs-core';
import { keepWeighted, type LossResult, weightedShare } from './loss-result.js';
import { approximateKl, importanceWeightedSum, logRatioOf } from './policy-ratio.js';

export interface CispoLossOptions {
  /** Of the policy now; the gradient flows through it alone. All tensors have one shape, `[batch, time]` or a list of tokens. */
  logProbs: tf.Tensor;
  /** Of the policy that sampled. */
  oldLogProbs: tf.Tensor;
  advantages: tf.Tensor;
  /** Weight of every token, 0 where it does not count, see {@link tokenWeights}. Under weight 0 anything may be NaN. */
  weights: tf.Tensor;
  /** How far the importance weight may move from 1. @default 0.2 */
  clipRatio?: number;
  /** The lower limit, where it differs; 1 is none, as in the paper's experiments. @default clipRatio */
  clipRatioLow?: number;
  /** The upper limit, where it differs. @default clipRatio */
  clipRatioHigh?: number;
  /** Factor of every token loss that no metric sees, see {@link samplerCorrection}. @default none */
  importanceWeights?: tf.Tensor;
}

/**
 * REINFORCE with a clipped importance weight that gets no gradient of its own (CISPO, arXiv 2506.13585, eq. 4 and 5; verl,
 * `compute_policy_loss_cispo`): `−Σ w · sg[clip(r, 1 − ε_low, 1 + ε_high)] · A · log π` with `r = π / π_old`. Clipping bounds what a
 * token contributes and never silences it, as PPO's does. The value of the loss means nothing by itself; its gradient does.
 *
 * Metrics: `approxKl` as in {@link policyLoss}; `clipFraction`, the share of tokens whose importance weight was clipped.
 */
export function cispoLoss(options: CispoLossOptions): LossResult<'approxKl' | 'clipFraction'> {
  const { weights, clipRatio = 0.2, clipRatioLow = clipRatio, clipRatioHigh = clipRatio } = options;
  const [low, high] = [1 - clipRatioLow, 1 + clipRatioHigh];
  const isWeighted = tf.notEqual(weights, 0);
  const advantages = keepWeighted(options.advantages, isWeighted);
  const weightedLogProbs = tf.customGrad((...inputs) => {
    const [logProbs, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const ratio = tf.exp(logRatioOf(logProbs, options.oldLogProbs, isWeighted));
    const factors = tf.mul(tf.neg(advantages), tf.clipByValue(ratio, low, high));
    save([factors]);
    return {
      value: tf.mul(factors, logProbs),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.mul(dy, saved as tf.Tensor),
    };
  });
  const losses = weightedLogProbs(keepWeighted(options.logProbs, isWeighted));
  const logRatio = logRatioOf(options.logProbs, options.oldLogProbs, isWeighted);
  const ratio = tf.exp(logRatio);
  const isClipped = tf.logicalOr(tf.less(ratio, low), tf.greater(ratio, high));
  return {
    loss: importanceWeightedSum(losses, weights, options.importanceWeights),
    metrics: {
      approxKl: approximateKl(ratio, logRatio, weights),
      clipFraction: weightedShare(isClipped, weights),
    },
  };
}
