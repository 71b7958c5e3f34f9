import * as tf from '@tensorflow/tfjs-core';
import { constant, keepWeighted, weightedSum } from './loss-result.js';

/**
 * `log π − log π_old`, clamped to ±20 as in verl: beyond, the token gives no gradient instead of NaN. 0 where nothing is weighted. The
 * old policy is a constant: at the first update both may be one tensor, and the ratio still has a gradient.
 */
export function logRatioOf(logProbs: tf.Tensor, oldLogProbs: tf.Tensor, isWeighted: tf.Tensor): tf.Tensor {
  const difference = tf.sub(keepWeighted(logProbs, isWeighted), keepWeighted(constant(oldLogProbs), isWeighted));
  return tf.clipByValue(difference, -20, 20);
}

/** `Σ w · ((r − 1) − log r)`: Schulman's k3 of the old policy against the new one. */
export function approximateKl(ratio: tf.Tensor, logRatio: tf.Tensor, weights: tf.Tensor): tf.Scalar {
  return weightedSum(tf.sub(tf.sub(ratio, 1), logRatio), weights);
}

/** `Σ w · importance · loss`, every importance 1 where there are none. */
export function importanceWeightedSum(
  losses: tf.Tensor,
  weights: tf.Tensor,
  importanceWeights: tf.Tensor | undefined,
): tf.Scalar {
  if (importanceWeights === undefined) return weightedSum(losses, weights);
  const importance = keepWeighted(constant(importanceWeights), tf.notEqual(weights, 0));
  return weightedSum(tf.mul(losses, importance), weights);
}
