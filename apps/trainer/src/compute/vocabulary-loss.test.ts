import { divergence } from '@dgpo/distill';
import { selectEngine } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { type LogitRows, vocabularyLoss } from './vocabulary-loss.js';

beforeAll(async () => {
  await selectEngine({ engine: 'cpu' });
});

it('values and gradients do not depend on how many rows are there at one time, and the teacher has none', () => {
  const random = createRandom(1).split('chunks');
  const matrix = (rows: number, columns: number) =>
    tf.tensor2d(
      Array.from({ length: rows * columns }, () => random.normal()),
      [rows, columns],
    );
  const [hidden, weight, teacherHidden, teacherWeight] = [matrix(7, 4), matrix(11, 4), matrix(7, 3), matrix(11, 3)];
  const factors = tf.tensor1d([1, 2, 3, 4, 5, 6, 7]);
  const run = (logits: LogitRows) => ({
    js: divergence({ name: 'js', ...logits }),
    rkl: divergence({ name: 'rkl', ...logits }),
  });
  const whole = tf.valueAndGrads((...inputs) => {
    const [h, w] = inputs as [tf.Tensor2D, tf.Tensor2D];
    const { js, rkl } = run({
      studentLogits: tf.matMul(h, w, false, true),
      teacherLogits: tf.matMul(teacherHidden as tf.Tensor2D, teacherWeight as tf.Tensor2D, false, true),
    });
    return tf.sum(tf.mul(tf.add(js, tf.mul(rkl, 0.5)), factors)) as tf.Scalar;
  })([hidden as tf.Tensor, weight as tf.Tensor]);
  const before = tf.memory().numTensors;
  for (const rowsAtOnce of [1, 3, 7, 100]) {
    const { value, grads } = tf.valueAndGrads((...inputs) => {
      const [h, w, taught, teacher] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const { js, rkl } = vocabularyLoss({
        hidden: h,
        weight: w,
        teacherHidden: taught,
        teacherWeight: teacher,
        rowsAtOnce,
        run,
      });
      const reached = tf.mul(tf.add(tf.sum(taught), tf.sum(teacher)), 0);
      return tf.add(tf.sum(tf.mul(tf.add(js, tf.mul(rkl, 0.5)), factors)), reached) as tf.Scalar;
    })([hidden, weight, teacherHidden, teacherWeight] as tf.Tensor[]);
    const difference = (a: tf.Tensor, b: tf.Tensor) => tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]);
    expect(difference(value, whole.value)).toBeLessThan(1e-5);
    expect(difference(grads[0] as tf.Tensor, whole.grads[0] as tf.Tensor)).toBeLessThan(1e-5);
    expect(difference(grads[1] as tf.Tensor, whole.grads[1] as tf.Tensor)).toBeLessThan(1e-5);
    expect(difference(grads[2] as tf.Tensor, tf.zerosLike(teacherHidden as tf.Tensor))).toBe(0);
    expect(difference(grads[3] as tf.Tensor, tf.zerosLike(teacherWeight as tf.Tensor))).toBe(0);
    tf.dispose([value, ...grads]);
  }
  // The two zeros of each round above.
  expect(tf.memory().numTensors).toBe(before + 8);
});
