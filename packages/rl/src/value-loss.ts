import * as tf from '@tensorflow/tfjs-core';
import { constant, keepWeighted, type LossResult, weightedShare, weightedSum } from './loss-result.js';

export interface ValueLossOptions {
  /** Of the critic now; the gradient flows through it alone. All tensors have one shape, `[batch, time]` or a list of tokens. */
  values: tf.Tensor;
  /** Of the critic that the advantages were made with. */
  oldValues: tf.Tensor;
  returns: tf.Tensor;
  /** Weight of every token, 0 where it does not count, see {@link tokenWeights}. Under weight 0 anything may be NaN. */
  weights: tf.Tensor;
  /** How far a value may move from the old one. @default 0.5 */
  clipRange?: number;
}

/**
 * Clipped value loss `½ Σ w · max((v − R)², (clip(v, v_old ± range) − R)²)` (verl, `compute_value_loss`). Metric `clipFraction`: the
 * share of tokens whose clipped side is the larger one.
 */
export function valueLoss(options: ValueLossOptions): LossResult<'clipFraction'> {
  const { weights, clipRange = 0.5 } = options;
  const isWeighted = tf.notEqual(weights, 0);
  const values = keepWeighted(options.values, isWeighted);
  const oldValues = keepWeighted(constant(options.oldValues), isWeighted);
  const returns = keepWeighted(constant(options.returns), isWeighted);
  const difference = tf.sub(values, oldValues);
  const plain = tf.square(tf.sub(values, returns));
  const clipped = tf.square(tf.sub(tf.add(oldValues, tf.clipByValue(difference, -clipRange, clipRange)), returns));
  // Judged by the distance: within the range both sides are equal but for rounding, which must not count as clipped.
  const isClipped = tf.logicalAnd(tf.greater(tf.abs(difference), clipRange), tf.greater(clipped, plain));
  return {
    loss: tf.mul(weightedSum(tf.maximum(plain, clipped), weights), 0.5) as tf.Scalar,
    metrics: { clipFraction: weightedShare(isClipped, weights) },
  };
}
