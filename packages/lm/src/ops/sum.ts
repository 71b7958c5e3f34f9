import * as tf from '@tensorflow/tfjs-core';

const compute = tf.customGrad((...args) => {
  const [a, b] = args as unknown as [tf.Tensor, tf.Tensor];
  // Two tensors over the same values: the backward pass may dispose of either.
  return { value: tf.add(a, b), gradFunc: (gradient: tf.Tensor) => [tf.clone(gradient), tf.clone(gradient)] };
});

/** `a + b` of equal shapes. Unlike `tf.add`, it keeps neither for the backward pass. */
export function sum(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return compute(a, b);
}
