import * as tf from '@tensorflow/tfjs-core';
import { taidDivergence } from './taid-divergence.js';

export interface TaidLossOptions {
  /** `[n, vocabulary]`; the gradient flows here alone, and not through the interpolated target. */
  studentLogits: tf.Tensor2D;
  /** `[n, vocabulary]` in the same vocabulary. */
  teacherLogits: tf.Tensor2D;
  /** Weight of the teacher in the target, from 0 (the student itself) to 1 (`fkl`), see {@link createTaidSchedule}. */
  t: number;
  /** `[n]`: weight of every token, 0 where it does not count, commonly 1 / (tokens that count in the whole batch). */
  weights: tf.Tensor1D;
  /** Divides the logits of both models. @default 1 */
  temperature?: number;
}

export interface TaidLoss {
  /** To differentiate. */
  loss: tf.Scalar;
  /**
   * Weighted sums, so they add up over micro-batches: `kl` is the value of the loss, `crossEntropy` the same with the entropy of the
   * target, which is what the TAID code reports and what {@link createTaidSchedule} reads.
   */
  metrics: { kl: tf.Scalar; crossEntropy: tf.Scalar };
}

/**
 * TAID as a loss: `Σ w · KL(p_t ‖ q)`, see {@link taidDivergence}. Under weight 0 anything may be NaN; no weights at all give 0.
 *
 * @throws ConfigError for parameters out of range or shapes that do not fit.
 */
export function taidLoss(options: TaidLossOptions): TaidLoss {
  const { weights, ...rest } = options;
  const mask = tf.cast(tf.notEqual(weights, 0), 'float32') as tf.Tensor1D;
  const { kl, crossEntropy } = taidDivergence({ ...rest, mask });
  const total = (values: tf.Tensor) => tf.sum(tf.mul(values, weights)) as tf.Scalar;
  const loss = total(kl);
  return { loss, metrics: { kl: loss, crossEntropy: total(crossEntropy) } };
}
