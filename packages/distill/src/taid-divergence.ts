import { ConfigError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { requireLogits } from './divergence.js';
import { divergenceGradient } from './divergence-gradient.js';
import { rowOp } from './row-op.js';
import { rowSum } from './row-sum.js';
import { softmaxOf } from './softmax.js';

export interface TaidDivergenceOptions {
  /** `[n, vocabulary]`; the gradient flows here alone, and not through the interpolated target. */
  studentLogits: tf.Tensor2D;
  /** `[n, vocabulary]` in the same vocabulary. */
  teacherLogits: tf.Tensor2D;
  /** Weight of the teacher in the target, from 0 (the student itself) to 1 (`fkl`), see {@link createTaidSchedule}. */
  t: number;
  /** `[n]`: rows with 0 give 0 and no gradient, even if they are NaN. @default all 1 */
  mask?: tf.Tensor1D | undefined;
  /** Divides the logits of both models. @default 1 */
  temperature?: number;
}

/** `[n]` each, in nats; both have the same gradient. */
export type TaidDivergence = {
  /** KL(p_t ‖ q) */
  kl: tf.Tensor1D;
  /** The same with the entropy of the target, which is what the TAID code reports and what {@link createTaidSchedule} reads. */
  crossEntropy: tf.Tensor1D;
};

/** `(1 − t)·student + t·teacher`; at the ends an infinite logit of the other model does not matter. */
function interpolate(student: tf.Tensor, teacher: tf.Tensor, t: number): tf.Tensor {
  if (t === 0) return student;
  if (t === 1) return teacher;
  return tf.add(tf.mul(student, 1 - t), tf.mul(teacher, t));
}

/**
 * TAID per row (arXiv 2501.16937, eq. 3 to 5, and `src/distil_losses/taid.py` of its repository): KL(p_t ‖ q) where
 * `p_t = softmax((1 − t)·z_student + t·z_teacher)` is a constant. Its gradient is that of the cross-entropy in the TAID code, which lacks
 * the entropy of the target.
 *
 * @throws ConfigError for parameters out of range or shapes that do not fit.
 */
export function taidDivergence(options: TaidDivergenceOptions): TaidDivergence {
  const { teacherLogits, t, mask, temperature = 1 } = options;
  if (!(t >= 0 && t <= 1)) throw new ConfigError(`expected 0 to 1, found ${t}`, { where: 't' });
  requireLogits(options);
  const both = rowOp({
    logits: options.studentLogits,
    mask,
    compute: (studentLogits) => {
      const target = interpolate(studentLogits, teacherLogits, t);
      const { value, gradient } = divergenceGradient({
        ...{ name: 'fkl', beta: 0.1, lambda: 0.1, headThreshold: 0.5, temperature },
        ...{ studentLogits, teacherLogits: target },
      });
      const { probs, logProbs } = softmaxOf(target, temperature);
      const isPossible = tf.notEqual(tf.add(studentLogits, target), Number.NEGATIVE_INFINITY);
      const negated = tf.where(isPossible, tf.mul(probs, logProbs), tf.zerosLike(probs));
      return { values: [value, tf.sub(value, rowSum(negated))], gradient };
    },
  });
  const [kl, crossEntropy] = tf.unstack(both) as [tf.Tensor1D, tf.Tensor1D];
  return { kl, crossEntropy };
}
