import { ConfigError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';

export interface ColdStartLossOptions {
  /** Of the teacher's tokens under the student; the gradient flows through it. `[batch, time]` or a list of tokens. */
  logProbs: tf.Tensor;
  /** KL(teacher ‖ student) at the same tokens, such as {@link divergence} gives it; the gradient flows through it too. */
  kl?: tf.Tensor | undefined;
  /** Weight of every token: 0 on prompt, observations and padding, commonly 1 / (policy tokens of the batch) elsewhere. */
  weights: tf.Tensor;
  /** 0 with `klWeight` 1 is the objective of the TAID code. @default 1 */
  ceWeight?: number;
  /** λ. @default 1, or 0 without `kl` (SeqKD) */
  klWeight?: number;
}

export interface ColdStartLoss {
  /** To differentiate. */
  loss: tf.Scalar;
  /** Weighted sums before `ceWeight` and `klWeight`, so they add up over micro-batches. */
  metrics: { crossEntropy: tf.Scalar; kl: tf.Scalar };
}

/**
 * Phase 1 of DGPO (arXiv 2508.20324): `Σ w · (ceWeight · CE + klWeight · KL(teacher ‖ student))` on correct episodes of the teacher. Under
 * weight 0 anything may be NaN; no weights at all give 0.
 *
 * @throws ConfigError when `klWeight` is set and `kl` is missing.
 */
export function coldStartLoss(options: ColdStartLossOptions): ColdStartLoss {
  const { logProbs, kl, weights, ceWeight = 1, klWeight = kl === undefined ? 0 : 1 } = options;
  if (kl === undefined && klWeight !== 0) {
    throw new ConfigError('a KL term needs kl, or klWeight 0 for cross-entropy alone', { where: 'klWeight' });
  }
  const isWeighted = tf.notEqual(weights, 0);
  const total = (values: tf.Tensor) =>
    tf.sum(tf.mul(tf.where(isWeighted, values, tf.zerosLike(values)), weights)) as tf.Scalar;
  const crossEntropy = tf.neg(total(logProbs)) as tf.Scalar;
  const klSum = kl === undefined ? tf.scalar(0) : total(kl);
  const loss = tf.add(tf.mul(crossEntropy, ceWeight), tf.mul(klSum, klWeight)) as tf.Scalar;
  return { loss, metrics: { crossEntropy, kl: klSum } };
}
