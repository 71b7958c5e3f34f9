import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { rowSum } from './row-sum.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test.each([0, 1, 127, 256, 257, 384, 1000, 49_152, 50_001])('two rows of %i', async (width) => {
  const rows = [0, 1].map((row) =>
    Float32Array.from({ length: width }, (_, index) => 1 / (1 + ((index * 7 + row) % 97))),
  );
  const matrix = tf.tensor2d(Float32Array.of(...(rows[0] as Float32Array), ...(rows[1] as Float32Array)), [2, width]);
  const sums = rowSum(matrix);
  expect(sums.shape).toEqual([2]);
  const actual = await sums.data();
  rows.forEach((values, row) => {
    const expected = values.reduce((sum, value) => sum + value, 0);
    expect(Math.abs((actual[row] as number) - expected) / Math.max(1, expected)).toBeLessThan(1e-6);
  });
  tf.dispose([matrix, sums]);
});
