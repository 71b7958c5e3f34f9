import * as tf from '@tensorflow/tfjs-core';

/** What {@link policyLoss} and {@link gspoLoss} have in common once they know the ratio; nothing in here is masked any more. */
export function clippedSurrogate(options: {
  ratio: tf.Tensor;
  /** `−advantage`. */
  costs: tf.Tensor;
  clipRatioLow: number;
  clipRatioHigh: number;
}): { losses: tf.Tensor; isClipped: tf.Tensor } {
  const { ratio, costs, clipRatioLow, clipRatioHigh } = options;
  const plain = tf.mul(costs, ratio);
  const clipped = tf.mul(costs, tf.clipByValue(ratio, 1 - clipRatioLow, 1 + clipRatioHigh));
  return { losses: tf.maximum(plain, clipped), isClipped: tf.greater(clipped, plain) };
}
