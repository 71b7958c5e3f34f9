import * as tf from '@tensorflow/tfjs-core';

export interface LossResult<Name extends string = string> {
  /** To differentiate. */
  loss: tf.Scalar;
  /** Weighted sums like the loss, so they add up over micro-batches; nothing of them reaches the gradient. */
  metrics: Record<Name, tf.Scalar>;
}

/** `x` where the weight is not 0, else 0: neither a masked NaN nor its gradient gets through. */
export function keepWeighted(x: tf.Tensor, isWeighted: tf.Tensor): tf.Tensor {
  return tf.where(isWeighted, x, tf.zerosLike(x));
}

/**
 * The same numbers without a gradient, for what a loss takes as given even where it is made of what is differentiated: what a custom
 * gradient does not name as an input is not on the tape.
 */
export function constant(x: tf.Tensor): tf.Tensor {
  return tf.customGrad(() => ({ value: tf.clone(x), gradFunc: () => [] }))();
}

/** `Σ weight · value`. */
export function weightedSum(values: tf.Tensor, weights: tf.Tensor): tf.Scalar {
  return tf.sum(tf.mul(values, weights)) as tf.Scalar;
}

/** A weighted share of the tokens for which the condition holds. */
export function weightedShare(condition: tf.Tensor, weights: tf.Tensor): tf.Scalar {
  return weightedSum(tf.cast(condition, 'float32'), weights);
}
