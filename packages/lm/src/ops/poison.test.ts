import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { causalAttention } from './causal-attention.js';
import { rotaryTable } from './rotary-table.js';
import { tokenLogProbs } from './token-log-probs.js';
import { vocabularyKl } from './vocabulary-kl.js';

const random = createRandom(12);
const values = (size: number) => Float32Array.from({ length: size }, () => random.normal());

/** A copy with the rows of padding filled with NaN. */
function poisoned(matrix: Float32Array, width: number, rows: readonly number[]): Float32Array {
  const copy = matrix.slice();
  for (const row of rows) copy.fill(Number.NaN, row * width, (row + 1) * width);
  return copy;
}

/** Value and gradients of a computation whose first input is clean or poisoned. */
async function run(compute: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]) {
  const value = await compute(...inputs).data();
  const gradients = tf.grads((...xs: tf.Tensor[]) => tf.sum(tf.square(compute(...xs))))(inputs);
  return { value, gradients: await Promise.all(gradients.map((gradient) => gradient.data())) };
}

describe.each(['cpu', 'wasm'] as const)('NaN in rows that do not count never leaks, on %s', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  test('causalAttention: padding', async () => {
    const shape = { batch: 3, time: 5, heads: 4, keyValueHeads: 2, headDim: 4 };
    const width = (shape.heads + 2 * shape.keyValueHeads) * shape.headDim;
    const padding = [2, 3, 4, 14]; // lengths 2, 5 and 4
    const clean = values(15 * width);
    const compute = (queryKeyValue?: tf.Tensor) =>
      causalAttention({
        ...shape,
        queryKeyValue: queryKeyValue as tf.Tensor,
        lengths: tf.tensor1d([2, 5, 4], 'int32'),
        positions: tf.tensor1d(
          Array.from({ length: 15 }, (_, index) => index % 5),
          'int32',
        ),
        cosSin: tf.tensor2d(rotaryTable({ maxPositions: 5, headDim: 4, theta: 10_000 }), [5, 4]),
      });
    const expected = await run(compute, [tf.tensor2d(clean, [15, width])]);
    const actual = await run(compute, [tf.tensor2d(poisoned(clean, width, padding), [15, width])]);
    expect(expected.value.some((value) => value !== 0)).toBe(true);
    expect(actual).toEqual(expected);
    for (const row of padding) {
      expect(actual.value.slice(row * 16, (row + 1) * 16).every((value) => value === 0)).toBe(true);
      const gradient = actual.gradients[0] as Float32Array;
      expect(gradient.slice(row * width, (row + 1) * width).every((value) => value === 0)).toBe(true);
    }
  });

  test('tokenLogProbs: rows without a target', async () => {
    const hidden = values(4 * 6);
    const weight = tf.tensor2d(values(9 * 6), [9, 6]);
    const compute = (x?: tf.Tensor, w?: tf.Tensor) => {
      const targets = tf.tensor1d([2, -1, 8, -1], 'int32');
      const { logProbs, entropy } = tokenLogProbs({ hidden: x as tf.Tensor, weight: w as tf.Tensor, targets });
      return tf.add(logProbs, entropy);
    };
    const expected = await run(compute, [tf.tensor2d(hidden, [4, 6]), weight]);
    const actual = await run(compute, [tf.tensor2d(poisoned(hidden, 6, [1, 3]), [4, 6]), weight]);
    expect(actual).toEqual(expected);
    expect([actual.value[1], actual.value[3]]).toEqual([0, 0]);
    expect(actual.gradients.flatMap((gradient) => [...gradient]).every(Number.isFinite)).toBe(true);
  });

  test.each(['forward', 'reverse'] as const)(
    'vocabularyKl, %s: rows outside the mask, of student and teacher',
    async (direction) => {
      const hidden = values(4 * 6);
      const teacherHidden = values(4 * 5);
      const weight = tf.tensor2d(values(9 * 6), [9, 6]);
      const teacherWeight = tf.tensor2d(values(9 * 5), [9, 5]);
      const compute = (teacher: Float32Array) => (x?: tf.Tensor, w?: tf.Tensor) =>
        vocabularyKl({
          hidden: x as tf.Tensor,
          weight: w as tf.Tensor,
          teacherHidden: tf.tensor2d(teacher, [4, 5]),
          teacherWeight,
          mask: tf.tensor1d([1, 0, 1, 0]),
          direction,
        });
      const expected = await run(compute(teacherHidden), [tf.tensor2d(hidden, [4, 6]), weight]);
      const student = tf.tensor2d(poisoned(hidden, 6, [1, 3]), [4, 6]);
      const actual = await run(compute(poisoned(teacherHidden, 5, [1, 3])), [student, weight]);
      expect(actual).toEqual(expected);
      expect([actual.value[1], actual.value[3]]).toEqual([0, 0]);
    },
  );
});
