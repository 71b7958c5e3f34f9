import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { gridOf } from './__fixtures__/numerics.js';
import { actionSegments, segmentSums } from './segments.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('every run of policy tokens in a row is an action', () => {
  const policyMask = gridOf([
    [1, 1, 0, 1],
    [1, 0, 0, 1],
    [0, 0, 0, 0],
  ]);
  expect([...actionSegments({ policyMask })]).toEqual([0, 0, -1, 1, 2, -1, -1, 3, -1, -1, -1, -1]);
});

test('sums by number, by row, and of nothing', async () => {
  const values = tf.tensor1d([1, 2, 4, 8, 16]);
  expect([...(await segmentSums(values, [7, -1, 0, 7, 0], 'segments').data())]).toEqual([9, 0, 20, 9, 20]);
  expect([...(await segmentSums(values, [-1, -1, -1, -1, -1], 'segments').data())]).toEqual([0, 0, 0, 0, 0]);
  const rows = tf.tensor2d([
    [1, 2],
    [4, 8],
  ]);
  expect([...(await segmentSums(rows, undefined, 'segments').data())]).toEqual([3, 3, 12, 12]);
  expect([...(await segmentSums(rows, [0, 1, 1, 1], 'segments').data())]).toEqual([1, 14, 14, 14]);
});

test('an infinity stays in its segment', async () => {
  const sums = await segmentSums(tf.tensor1d([Number.NEGATIVE_INFINITY, 2]), [0, 1], 'segments').data();
  expect(sums[0]).toBeLessThan(-1e5);
  expect(sums[1]).toBe(2);
});

test('a list of tokens needs segments, as many as tokens', () => {
  expect(() => segmentSums(tf.tensor1d([1]), undefined, 'sequences')).toThrow('sequences');
  expect(() => segmentSums(tf.tensor1d([1]), [0, 0], 'sequences')).toThrow(RangeError);
});
