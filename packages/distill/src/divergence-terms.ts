import * as tf from '@tensorflow/tfjs-core';

/** Divergences between teacher `p` and student `q`, as TAID and DistiLLM name them. */
export type DivergenceName = 'fkl' | 'rkl' | 'js' | 'skew-fkl' | 'skew-rkl' | 'tvd' | 'adaptive-kl';

/** Of both models, `[n, vocabulary]`. */
export interface Distributions {
  student: tf.Tensor;
  teacher: tf.Tensor;
  logStudent: tf.Tensor;
  logTeacher: tf.Tensor;
  /** Whether an entry is summed at all. */
  counts: tf.Tensor;
}

/** Parameters of the divergences, see `DivergenceOptions`. */
export interface DivergenceParameters {
  beta: number;
  lambda: number;
  headThreshold: number;
}

/** Terms per vocabulary entry: what is summed to the value, and its derivative by the student's probability times that probability. */
export interface Terms {
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

const forward = ({ teacher, logTeacher, logStudent }: Distributions): Terms => ({
  value: tf.mul(teacher, tf.sub(logTeacher, logStudent)),
  slope: tf.neg(teacher),
});

const reverse = ({ student, logTeacher, logStudent }: Distributions): Terms => {
  const value = tf.mul(student, tf.sub(logStudent, logTeacher));
  return { value, slope: tf.add(value, student) };
};

/** A head of more tokens is cut off: sorting all of a large vocabulary would take longer than everything else. */
const maximumHead = 4096;

/**
 * Share of the gap between both models that lies in the head of the teacher, `[n, 1]`; ½ where there is no gap. The head is the most
 * probable token, all those after it up to which the teacher's probabilities sum to at most `headThreshold`, 4,096 in all at most, and what
 * ties with the last of them.
 */
function headShare({ student, teacher, counts }: Distributions, headThreshold: number): tf.Tensor {
  const size = Math.min(teacher.shape[1] as number, maximumHead);
  const { values } = tf.topk(teacher, size, true);
  // The first token is in the head whatever it holds: its own mass does not count.
  const masses = tf.mul(tf.cumsum(values, 1), tf.clipByValue(tf.range(0, size), 0, 1));
  const isTop = tf.lessEqual(masses, headThreshold);
  const last = tf.min(tf.where(isTop, values, tf.onesLike(values)), 1, true);
  // By value: the stock wasm ops gather slower than they sort. And compared with 0, since they spread a row to compare slower still.
  const isHead = tf.greaterEqual(tf.sub(teacher, last), 0);
  const gap = tf.where(counts, tf.abs(tf.sub(teacher, student)), tf.zerosLike(teacher));
  const head = tf.sum(tf.where(isHead, gap, tf.zerosLike(gap)), 1, true);
  const whole = tf.sum(gap, 1, true);
  const hasGap = tf.greater(whole, 0);
  return tf.where(hasGap, tf.div(head, tf.where(hasGap, whole, tf.onesLike(whole))), tf.fill(whole.shape, 0.5));
}

export const termsOf: Record<DivergenceName, (of: Distributions, parameters: DivergenceParameters) => Terms> = {
  fkl: forward,
  rkl: reverse,
  js: ({ student, teacher, logStudent, logTeacher }, { beta }) => {
    const logM = logMixture(logTeacher, logStudent, beta);
    const slope = tf.mul(tf.mul(student, tf.sub(logStudent, logM)), 1 - beta);
    return { value: tf.add(slope, tf.mul(tf.mul(teacher, tf.sub(logTeacher, logM)), beta)), slope };
  },
  'skew-fkl': ({ teacher, logStudent, logTeacher }, { lambda }) => {
    const logM = logMixture(logTeacher, logStudent, lambda);
    return {
      value: tf.mul(teacher, tf.sub(logTeacher, logM)),
      slope: tf.mul(tf.mul(teacher, tf.exp(tf.sub(logStudent, logM))), lambda - 1),
    };
  },
  'skew-rkl': ({ student, logStudent, logTeacher }, { lambda }) => {
    const logM = logMixture(logStudent, logTeacher, lambda);
    const value = tf.mul(student, tf.sub(logStudent, logM));
    const share = tf.mul(tf.exp(tf.sub(logStudent, logM)), lambda);
    return { value, slope: tf.add(value, tf.mul(student, tf.sub(1, share))) };
  },
  tvd: ({ student, teacher }) => {
    const difference = tf.sub(student, teacher);
    return { value: tf.mul(tf.abs(difference), 0.5), slope: tf.mul(tf.mul(student, tf.sign(difference)), 0.5) };
  },
  'adaptive-kl': (of, { headThreshold }) => {
    const share = headShare(of, headThreshold);
    const [first, second] = [forward(of), reverse(of)];
    const mix = (a: tf.Tensor, b: tf.Tensor) => tf.add(tf.mul(share, a), tf.mul(tf.sub(1, share), b));
    return { value: mix(first.value, second.value), slope: mix(first.slope, second.slope) };
  },
};
