import * as tf from '@tensorflow/tfjs-core';
import { clippedSurrogate } from './clipped-surrogate.js';
import { constant, keepWeighted, type LossResult, weightedShare } from './loss-result.js';
import { approximateKl, importanceWeightedSum, logRatioOf } from './policy-ratio.js';

export interface PolicyLossOptions {
  /** Of the policy now; the gradient flows through it alone. All tensors have one shape, `[batch, time]` or a list of tokens. */
  logProbs: tf.Tensor;
  /** Of the policy that sampled. */
  oldLogProbs: tf.Tensor;
  advantages: tf.Tensor;
  /** Weight of every token, 0 where it does not count, see {@link tokenWeights}. Under weight 0 anything may be NaN. */
  weights: tf.Tensor;
  /** How far the ratio of probabilities may move from 1. @default 0.2 */
  clipRatio?: number;
  /** The lower limit, where it differs. @default clipRatio */
  clipRatioLow?: number;
  /** The upper limit, where it differs (clip-higher, DAPO, arXiv 2503.14476, eq. 10). @default clipRatio */
  clipRatioHigh?: number;
  /**
   * For negative advantages the token loss stays below `−advantage · dualClip` (Ye et al. 2020, arXiv 1912.09729, eq. 5, which uses 3).
   * @default off
   */
  dualClip?: number;
  /** Factor of every token loss that no metric sees, see {@link samplerCorrection}. @default none */
  importanceWeights?: tf.Tensor;
}

/**
 * Clipped PPO loss `Σ w · max(−A·r, −A·clip(r, 1 − ε, 1 + ε))` with `r = π / π_old` (Schulman et al. 2017, arXiv 1707.06347, eq. 7). The
 * logarithm of the ratio is clamped to ±20, as in verl: beyond, the token gives no gradient instead of NaN.
 *
 * Metrics: `approxKl` is `(r − 1) − log r` (Schulman's k3 of old against new), `clipFraction` the share of tokens whose clipped side is
 * the larger one, `dualClipFraction` the share that the dual clip holds.
 *
 * @throws RangeError when `dualClip` is not above 1.
 */
export function policyLoss(options: PolicyLossOptions): LossResult<'approxKl' | 'clipFraction' | 'dualClipFraction'> {
  const { weights, clipRatio = 0.2, clipRatioLow = clipRatio, clipRatioHigh = clipRatio, dualClip } = options;
  if (dualClip !== undefined && !(dualClip > 1)) throw new RangeError(`dualClip must be above 1, found ${dualClip}`);
  const isWeighted = tf.notEqual(weights, 0);
  const logRatio = logRatioOf(options.logProbs, options.oldLogProbs, isWeighted);
  const ratio = tf.exp(logRatio);
  const costs = tf.neg(keepWeighted(constant(options.advantages), isWeighted));
  const { losses: single, isClipped } = clippedSurrogate({ ratio, costs, clipRatioLow, clipRatioHigh });
  const limit = dualClip === undefined ? undefined : tf.mul(costs, dualClip);
  const isLimited = limit === undefined ? undefined : tf.logicalAnd(tf.greater(costs, 0), tf.greater(single, limit));
  const losses = limit === undefined ? single : tf.where(tf.greater(costs, 0), tf.minimum(single, limit), single);
  return {
    loss: importanceWeightedSum(losses, weights, options.importanceWeights),
    metrics: {
      approxKl: approximateKl(ratio, logRatio, weights),
      clipFraction: weightedShare(isClipped, weights),
      dualClipFraction: isLimited === undefined ? tf.scalar(0) : weightedShare(isLimited, weights),
    },
  };
}
