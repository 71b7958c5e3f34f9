import * as tf from '@tensorflow/tfjs-core';

/**
 * Probabilities and their logarithms, `[n, vocabulary]` both. The softmax is one kernel on every engine, and its greatest entry is 1 / Σ
 * e^(z − max z), so that no second pass of exponentials is needed.
 */
export function softmaxOf(logits: tf.Tensor, temperature: number): { probs: tf.Tensor; logProbs: tf.Tensor } {
  const z = temperature === 1 ? logits : tf.div(logits, temperature);
  const probs = tf.softmax(z);
  const logProbs = tf.add(tf.sub(z, tf.max(z, 1, true)), tf.log(tf.max(probs, 1, true)));
  return { probs, logProbs };
}
