import { ConfigError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { divergence } from './divergence.js';

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

export type TaidDivergenceOptions = Omit<TaidLossOptions, 'weights'> & {
  /** `[n]`: rows with 0 give 0 and no gradient, even if they are NaN. @default all 1 */
  mask?: tf.Tensor1D;
};

/** Both `[n]`: `kl` to differentiate, `crossEntropy` the same with the entropy of the target. */
export interface TaidDivergence {
  kl: tf.Tensor1D;
  crossEntropy: tf.Tensor1D;
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

/** `(1 − t)·student + t·teacher`; at the ends an infinite logit of the other model does not matter. */
function interpolate(student: tf.Tensor2D, teacher: tf.Tensor2D, t: number): tf.Tensor2D {
  if (t === 0) return student;
  if (t === 1) return teacher;
  return tf.add(tf.mul(student, 1 - t), tf.mul(teacher, t));
}

/**
 * {@link taidLoss} per token, for logits that come some rows at a time.
 *
 * @throws ConfigError for parameters out of range or shapes that do not fit.
 */
export function taidDivergence(options: TaidDivergenceOptions): TaidDivergence {
  const { studentLogits, teacherLogits, t, temperature = 1 } = options;
  if (!(t >= 0 && t <= 1)) throw new ConfigError(`expected 0 to 1, found ${t}`, { where: 't' });
  const mask = options.mask ?? tf.ones<tf.Rank.R1>([studentLogits.shape[0]]);
  const target = interpolate(studentLogits, teacherLogits, t);
  const kl = divergence({ name: 'fkl', studentLogits, teacherLogits: target, mask, temperature });

  // The target is a constant, and so is its entropy: no gradient comes from here.
  const entropy = tf.customGrad((...inputs) => {
    const [z, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    save([z]);
    const isReal = tf.expandDims(tf.notEqual(mask, 0), 1);
    const zeros = tf.zerosLike(z);
    const logTarget = tf.logSoftmax(tf.div(tf.where(isReal, target, zeros), temperature));
    const isOut = tf.logicalOr(tf.equal(logTarget, Number.NEGATIVE_INFINITY), tf.equal(z, Number.NEGATIVE_INFINITY));
    const counts = tf.logicalAnd(isReal, tf.logicalNot(isOut));
    const negated = tf.where(counts, tf.mul(tf.exp(logTarget), logTarget), zeros);
    return {
      value: tf.neg(tf.sum(negated, 1)),
      gradFunc: (_: tf.Tensor, saved: tf.Tensor[]) => tf.zerosLike(saved[0] as tf.Tensor),
    };
  })(studentLogits);
  return { kl, crossEntropy: tf.add(kl, entropy) as tf.Tensor1D };
}

/**
 * TAID (arXiv 2501.16937, eq. 3 to 5, and `src/distil_losses/taid.py` of its repository): `Σ w · KL(p_t ‖ q)` where
 * `p_t = softmax((1 − t)·z_student + t·z_teacher)` is a constant. Its gradient is that of the cross-entropy in the TAID code, which lacks
 * the entropy of the target. Under weight 0 anything may be NaN; no weights at all give 0.
 *
 * @throws ConfigError for parameters out of range or shapes that do not fit.
 */
export function taidLoss(options: TaidLossOptions): TaidLoss {
  const { weights, ...rest } = options;
  const { kl, crossEntropy } = taidDivergence({
    ...rest,
    mask: tf.cast(tf.notEqual(weights, 0), 'float32') as tf.Tensor1D,
  });
  const total = (values: tf.Tensor) => tf.sum(tf.mul(values, weights)) as tf.Scalar;
  const loss = total(kl);
  return { loss, metrics: { kl: loss, crossEntropy: total(crossEntropy) } };
}
