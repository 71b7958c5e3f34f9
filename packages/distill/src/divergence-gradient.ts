import * as tf from '@tensorflow/tfjs-core';
import { type DivergenceName, type DivergenceParameters, termsOf } from './divergence-terms.js';
import { rowSum } from './row-sum.js';
import { softmaxOf } from './softmax.js';

/** `js` at the ends of β is one of the Kullback-Leibler divergences. */
function nameOf(name: DivergenceName, beta: number): DivergenceName {
  if (name !== 'js' || (beta > 0 && beta < 1)) return name;
  return beta === 0 ? 'fkl' : 'rkl';
}

/** A divergence per row, `[n]`, and its derivative by the student's logits, `[n, vocabulary]`; see `divergence`. */
export function divergenceGradient(
  options: DivergenceParameters & {
    name: DivergenceName;
    studentLogits: tf.Tensor;
    teacherLogits: tf.Tensor;
    temperature: number;
  },
): { value: tf.Tensor; gradient: tf.Tensor } {
  const { name, studentLogits, teacherLogits, temperature, ...parameters } = options;
  const counts = tf.notEqual(tf.add(studentLogits, teacherLogits), Number.NEGATIVE_INFINITY);
  const { probs: student, logProbs: logStudent } = softmaxOf(studentLogits, temperature);
  const { probs: teacher, logProbs: logTeacher } = softmaxOf(teacherLogits, temperature);
  const termsFor = termsOf[nameOf(name, parameters.beta)];
  const terms = termsFor({ student, teacher, logStudent, logTeacher, counts }, parameters);
  const zeros = tf.zerosLike(student);
  const slope = tf.where(counts, terms.slope, zeros);
  // Through the softmax: ∂/∂z = slope − q · Σ slope.
  const gradient = tf.sub(slope, tf.mul(student, tf.expandDims(rowSum(slope), 1)));
  return {
    value: rowSum(tf.where(counts, terms.value, zeros)),
    gradient: temperature === 1 ? gradient : tf.div(gradient, temperature),
  };
}
