import { ConfigError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';

/** Divergences between teacher `p` and student `q`, as TAID and DistiLLM name them. */
export type DivergenceName = 'fkl' | 'rkl' | 'js' | 'skew-fkl' | 'skew-rkl' | 'tvd';

export interface DivergenceOptions {
  /**
   * - `fkl`: KL(p ‖ q), the cold start of DGPO. Covers all that the teacher does.
   * - `rkl`: KL(q ‖ p). Concentrates on what the teacher finds likely.
   * - `js`: (1 − β)·KL(q ‖ m) + β·KL(p ‖ m) with m = βp + (1 − β)q (GKD, arXiv 2306.13649, eq. 1).
   * - `skew-fkl`: KL(p ‖ λp + (1 − λ)q), `skew-rkl`: KL(q ‖ (1 − λ)p + λq) (DistiLLM, arXiv 2402.03898, eq. 4 and 5).
   * - `tvd`: total variation, ½ Σ |p − q|.
   */
  name: DivergenceName;
  /** Weight of the teacher in the mixture of `js`, between 0 and 1 and neither: those are 0, use `fkl` or `rkl`. @default 0.1 */
  beta?: number;
  /** Skew of `skew-fkl` and `skew-rkl`, from 0 (no skew) to below 1. @default 0.1 */
  lambda?: number;
  /** `[n, vocabulary]`; the gradient flows here alone. */
  studentLogits: tf.Tensor2D;
  /** `[n, vocabulary]` in the same vocabulary. */
  teacherLogits: tf.Tensor2D;
  /** `[n]`: rows with 0 give 0 and no gradient, even if they are NaN. @default all 1 */
  mask?: tf.Tensor1D;
  /** Divides both logits; the value is not multiplied by its square afterwards. @default 1 */
  temperature?: number;
}

/** Of both models, `[n, vocabulary]`. */
interface Distributions {
  student: tf.Tensor;
  teacher: tf.Tensor;
  logStudent: tf.Tensor;
  logTeacher: tf.Tensor;
}

/** Terms per vocabulary entry: what is summed to the value, and its derivative by the student's probability times that probability. */
interface Terms {
  value: tf.Tensor;
  slope: tf.Tensor;
}

/** `log(e^a·weight + e^b·(1 − weight))`. */
function logMixture(a: tf.Tensor, b: tf.Tensor, weight: number): tf.Tensor {
  if (weight === 0) return b;
  const first = tf.add(a, Math.log(weight));
  const second = tf.add(b, Math.log1p(-weight));
  const rest = tf.log(tf.add(tf.exp(tf.neg(tf.abs(tf.sub(first, second)))), 1));
  return tf.add(tf.maximum(first, second), rest);
}

const termsOf: Record<DivergenceName, (of: Distributions, beta: number, lambda: number) => Terms> = {
  fkl: ({ teacher, logTeacher, logStudent }) => ({
    value: tf.mul(teacher, tf.sub(logTeacher, logStudent)),
    slope: tf.neg(teacher),
  }),
  rkl: ({ student, logTeacher, logStudent }) => {
    const value = tf.mul(student, tf.sub(logStudent, logTeacher));
    return { value, slope: tf.add(value, student) };
  },
  js: ({ student, teacher, logStudent, logTeacher }, beta) => {
    const logM = logMixture(logTeacher, logStudent, beta);
    const slope = tf.mul(tf.mul(student, tf.sub(logStudent, logM)), 1 - beta);
    return { value: tf.add(slope, tf.mul(tf.mul(teacher, tf.sub(logTeacher, logM)), beta)), slope };
  },
  'skew-fkl': ({ teacher, logStudent, logTeacher }, _beta, lambda) => {
    const logM = logMixture(logTeacher, logStudent, lambda);
    return {
      value: tf.mul(teacher, tf.sub(logTeacher, logM)),
      slope: tf.mul(tf.mul(teacher, tf.exp(tf.sub(logStudent, logM))), lambda - 1),
    };
  },
  'skew-rkl': ({ student, logStudent, logTeacher }, _beta, lambda) => {
    const logM = logMixture(logStudent, logTeacher, lambda);
    const value = tf.mul(student, tf.sub(logStudent, logM));
    const share = tf.mul(tf.exp(tf.sub(logStudent, logM)), lambda);
    return { value, slope: tf.add(value, tf.mul(student, tf.sub(1, share))) };
  },
  tvd: ({ student, teacher }) => {
    const difference = tf.sub(student, teacher);
    return { value: tf.mul(tf.abs(difference), 0.5), slope: tf.mul(tf.mul(student, tf.sign(difference)), 0.5) };
  },
};

function requireDivergence(options: DivergenceOptions, beta: number, lambda: number, temperature: number): void {
  const { name, studentLogits, teacherLogits, mask } = options;
  if (name === 'js' && !(beta > 0 && beta < 1)) {
    throw new ConfigError(`js needs a value between 0 and 1, found ${beta}; the limits are fkl and rkl`, {
      where: 'beta',
    });
  }
  if (!(lambda >= 0 && lambda < 1))
    throw new ConfigError(`expected 0 to below 1, found ${lambda}`, { where: 'lambda' });
  if (!(temperature > 0)) throw new ConfigError(`expected more than 0, found ${temperature}`, { where: 'temperature' });
  if (studentLogits.shape.join() !== teacherLogits.shape.join()) {
    throw new ConfigError(
      `student [${studentLogits.shape.join(', ')}] and teacher [${teacherLogits.shape.join(', ')}] differ: they must score the same tokens in the same vocabulary`,
      { where: 'logits' },
    );
  }
  if (mask !== undefined && mask.shape[0] !== studentLogits.shape[0]) {
    throw new ConfigError(`${mask.shape[0]} entries for ${studentLogits.shape[0]} rows`, { where: 'mask' });
  }
}

/**
 * Divergence of two next-token distributions per token, with its analytic gradient to the student's logits; the teacher is a constant.
 *
 * The value is the whole divergence: implementations that drop the entropy of the teacher from KL(p ‖ q) have the same gradient, but
 * here a value of 0 means that the models agree, and none is negative beyond rounding. A vocabulary entry where either logit is −∞ adds
 * nothing (as in TAID), so padded vocabularies work. Gradients scale with 1 / temperature.
 *
 * Memory: about ten tensors of the size of the logits while it runs, one pair kept for the gradient. Call it on a slice of rows at a
 * time where that is too much; rows do not know of each other.
 *
 * @returns `[n]`, in nats except for `tvd`
 * @throws ConfigError for parameters out of range or shapes that do not fit.
 */
export function divergence(options: DivergenceOptions): tf.Tensor1D {
  const { name, beta = 0.1, lambda = 0.1, temperature = 1 } = options;
  requireDivergence(options, beta, lambda, temperature);

  const compute = (studentLogits: tf.Tensor, teacherLogits: tf.Tensor, mask: tf.Tensor) => {
    const isReal = tf.notEqual(tf.expandDims(mask, 1), 0);
    const zeros = tf.zerosLike(studentLogits);
    const z = tf.where(isReal, studentLogits, zeros);
    const target = tf.where(isReal, teacherLogits, zeros);
    const isPossible = tf.logicalAnd(
      tf.notEqual(z, Number.NEGATIVE_INFINITY),
      tf.notEqual(target, Number.NEGATIVE_INFINITY),
    );
    const counts = tf.logicalAnd(isReal, isPossible);
    const logStudent = tf.logSoftmax(tf.div(z, temperature));
    const logTeacher = tf.logSoftmax(tf.div(target, temperature));
    const student = tf.exp(logStudent);
    const terms = termsOf[name]({ student, teacher: tf.exp(logTeacher), logStudent, logTeacher }, beta, lambda);
    return {
      student,
      value: tf.where(counts, terms.value, zeros),
      slope: tf.where(counts, terms.slope, zeros),
    };
  };

  const op = tf.customGrad((...inputs) => {
    const [studentLogits, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const mask = options.mask ?? tf.ones([studentLogits.shape[0] as number]);
    save([studentLogits, options.teacherLogits, mask]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [z, target, rows] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const { student, slope } = compute(z, target, rows);
      // Through the softmax: ∂/∂z = slope − q · Σ slope.
      const gradient = tf.sub(slope, tf.mul(student, tf.sum(slope, 1, true)));
      const upstream = tf.where(tf.notEqual(rows, 0), dy, tf.zerosLike(dy));
      return tf.mul(gradient, tf.div(tf.expandDims(upstream, 1), temperature));
    };
    return { value: tf.sum(compute(studentLogits, options.teacherLogits, mask).value, 1), gradFunc };
  });
  return op(options.studentLogits) as tf.Tensor1D;
}
