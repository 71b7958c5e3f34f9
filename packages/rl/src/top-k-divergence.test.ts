import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { logSoftmax } from './__fixtures__/distributions.js';
import { expectClose } from './__fixtures__/numerics.js';
import { type TopKDivergenceOptions, topKDivergence } from './top-k-divergence.js';
import { topKKl } from './top-k-kl.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Case {
  logits: number[][];
  ids: number[][];
  logProbs: number[][];
  options?: Pick<TopKDivergenceOptions, 'direction' | 'temperature' | 'minimumTail'>;
  mask?: number[];
}

const weightOf = (row: number) => (row + 1) / 4;

/** Values, and the gradient of their sum with another weight for every row. */
async function run({ logits, ids, logProbs, options = {}, mask }: Case) {
  const before = tf.memory().numTensors;
  const compute = (studentLogits: tf.Tensor) =>
    topKDivergence({
      ...options,
      studentLogits: studentLogits as tf.Tensor2D,
      topIds: tf.tensor2d(ids, undefined, 'int32'),
      topLogProbs: tf.tensor2d(logProbs),
      mask: mask === undefined ? undefined : tf.tensor1d(mask),
    });
  const { values, gradient } = tf.tidy(() => {
    const z = tf.tensor2d(logits);
    const weights = tf.tensor1d(logits.map((_, row) => weightOf(row)));
    return { values: compute(z), gradient: tf.grad((x) => tf.sum(tf.mul(compute(x), weights)))(z) };
  });
  const result = { values: [...(await values.data())], gradient: [...(await gradient.data())] };
  tf.dispose([values, gradient]);
  expect(tf.memory().numTensors).toBe(before);
  return result;
}

const directions = ['reverse', 'forward'] as const;

/** The teacher's k most likely tokens, as a server sends them. */
function topOf(teacher: readonly number[], k: number) {
  const logP = logSoftmax(teacher);
  const ids = logP.map((_, v) => v).sort((a, b) => (logP[b] as number) - (logP[a] as number) || a - b);
  const chosen = ids.slice(0, k);
  return { ids: chosen, logProbs: chosen.map((v) => Math.fround(logP[v] as number)) };
}

/** {@link topKKl} and, through the softmax, its gradient by the logits; in float64. */
function reference(
  student: readonly number[],
  top: { ids: number[]; logProbs: number[] },
  options: Case['options'] = {},
) {
  const { temperature = 1, ...rest } = options;
  const logQ = logSoftmax(student.map((z) => z / temperature));
  const { kl, gradient } = topKKl({
    ...rest,
    logProbs: top.ids.map((v) => logQ[v] as number),
    referenceLogProbs: top.logProbs,
    k: top.ids.length,
  });
  const sum = gradient.reduce((total, slope) => total + slope, 0);
  const byLogits = logQ.map((log, v) => {
    const place = top.ids.indexOf(v);
    return ((place < 0 ? 0 : (gradient[place] as number)) - Math.exp(log) * sum) / temperature;
  });
  return { value: kl[0] as number, gradient: byLogits };
}

// What float32 leaves of 1 − Σ p is uncertain to 1e-7: a teacher's tail far below 0.01 has no digits to compare.
const logit = fc.double({ min: -1.5, max: 1.5, noNaN: true }).map(Math.fround);
const row = fc.array(logit, { minLength: 6, maxLength: 6 });

describe('topKDivergence', () => {
  test('by hand: ½, ¼, ¼ against the top token of a teacher at ¾', async () => {
    const [logits, ids, logProbs] = [[[Math.log(2), 0, 0]], [[0]], [[Math.log(0.75)]]];
    const reverse = await run({ logits, ids, logProbs });
    expectClose(reverse.values, [0.5 * Math.log(0.5 / 0.75) + 0.5 * Math.log(0.5 / 0.25)], 1e-6);
    const forward = await run({ logits, ids, logProbs, options: { direction: 'forward' } });
    expectClose(forward.values, [0.75 * Math.log(0.75 / 0.5) + 0.25 * Math.log(0.25 / 0.5)], 1e-6);
    // q − p for the token; the bucket's 0.5 − 0.25 in the student's own shares.
    expectClose(
      forward.gradient,
      [-0.25, 0.125, 0.125].map((slope) => slope * weightOf(0)),
      1e-6,
    );
  });

  property.prop([
    fc.array(fc.tuple(row, row), { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom(...directions),
    fc.constantFrom(0.7, 1, 2),
  ])('value and gradient are those of the float64 reference', async (rows, k, direction, temperature) => {
    const options = { direction, temperature };
    const tops = rows.map(([, teacher]) => topOf(teacher, k));
    const expected = rows.map(([student], index) => reference(student, tops[index] as never, options));
    const actual = await run({
      logits: rows.map(([student]) => student),
      ids: tops.map(({ ids }) => ids),
      logProbs: tops.map(({ logProbs }) => logProbs),
      options,
    });
    expectClose(
      actual.values,
      expected.map(({ value }) => value),
      1e-5,
    );
    expectClose(
      actual.gradient,
      expected.flatMap(({ gradient }, index) => gradient.map((slope) => slope * weightOf(index))),
      1e-5,
    );
  });

  test.each(directions)('%s: a tail of the student that is nearly empty keeps its gradient', async (direction) => {
    const student = [9, 8.5, -2, -3, -2.5];
    const top = { ids: [0, 1], logProbs: [Math.log(0.4), Math.log(0.3)] };
    const expected = reference(student, top, { direction });
    const actual = await run({ logits: [student], ids: [top.ids], logProbs: [top.logProbs], options: { direction } });
    expectClose(actual.values, [expected.value], 1e-5);
    expectClose(
      actual.gradient,
      expected.gradient.map((slope) => slope * weightOf(0)),
      1e-5,
    );
  });

  test.each(directions)('%s: what a certain teacher leaves is not lost to rounding', async (direction) => {
    const student = [2, 1, 0.5, -1];
    // The teacher keeps 3e-6 for the tail.
    const top = { ids: [2, 0], logProbs: [Math.log1p(-1e-5), Math.log(7e-6)].map(Math.fround) };
    const expected = reference(student, top, { direction });
    const actual = await run({ logits: [student], ids: [top.ids], logProbs: [top.logProbs], options: { direction } });
    expectClose(actual.values, [expected.value], 1e-5);
    expectClose(
      actual.gradient,
      expected.gradient.map((slope) => slope * weightOf(0)),
      1e-5,
    );
  });

  test.each(directions)('%s: k of the whole vocabulary, and a tail at its least', async (direction) => {
    const student = [0.2, 1, -1];
    const top = topOf([-0.4, 0.3, 0.9], 3);
    for (const minimumTail of [1e-6, 0.01]) {
      const options = { direction, minimumTail };
      const expected = reference(student, top, options);
      const actual = await run({ logits: [student], ids: [top.ids], logProbs: [top.logProbs], options });
      expectClose(actual.values, [expected.value], 1e-5);
      expectClose(
        actual.gradient,
        expected.gradient.map((slope) => slope * weightOf(0)),
        1e-5,
      );
    }
  });

  test.each(directions)('%s: rows with fewer tokens, and masked rows of NaN', async (direction) => {
    const student = [0.5, -1, 2, 0.1];
    const top = topOf([1, 0, 0.3, -1], 2);
    const alone = await run({ logits: [student], ids: [top.ids], logProbs: [top.logProbs], options: { direction } });
    const nan = [Number.NaN, Number.NaN, Number.NaN, Number.NaN];
    const padded = await run({
      logits: [student, nan, student],
      ids: [
        [-1, ...top.ids],
        [7_000, -1, 0],
        [0, 1, 2],
      ],
      logProbs: [[Number.NaN, ...top.logProbs], nan.slice(1), [0, Number.NaN, 0]],
      options: { direction },
      mask: [1, 0, 0],
    });
    expectClose(padded.values, [...alone.values, 0, 0], 1e-7);
    expectClose(padded.gradient, [...alone.gradient, ...new Array<number>(8).fill(0)], 1e-7);
  });

  test('a token that the student excludes adds nothing to the reverse KL; NaN that counts stays visible', async () => {
    const ids = [[0, 2]];
    const logProbs = [[Math.log(0.5), Math.log(0.25)]];
    const { values, gradient } = await run({ logits: [[0.5, 0.1, Number.NEGATIVE_INFINITY]], ids, logProbs });
    const [first, second] = logSoftmax([0.5, 0.1]) as [number, number];
    expectClose(
      values,
      [Math.exp(first) * (first - Math.log(0.5)) + Math.exp(second) * (second - Math.log(0.25))],
      1e-6,
    );
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect((await run({ logits: [[Number.NaN, 0, 0]], ids, logProbs })).values).toEqual([Number.NaN]);
  });

  test('one batch of 8 rows equals 8 of one', async () => {
    const logits = Array.from({ length: 8 }, (_, index) => [0.1 * index, -0.3, 1 / (index + 1), 0.2]);
    const tops = logits.map((z) => topOf(z.toReversed(), 2));
    const whole = await run({ logits, ids: tops.map(({ ids }) => ids), logProbs: tops.map((top) => top.logProbs) });
    const parts: Awaited<ReturnType<typeof run>>[] = [];
    for (const [index, z] of logits.entries()) {
      const { ids, logProbs } = topOf(z.toReversed(), 2);
      const { values, gradient } = await run({ logits: [z], ids: [ids], logProbs: [logProbs] });
      parts.push({ values, gradient: gradient.map((slope) => (slope * weightOf(index)) / weightOf(0)) });
    }
    expectClose(
      whole.values,
      parts.flatMap(({ values }) => values),
      1e-7,
    );
    expectClose(
      whole.gradient,
      parts.flatMap(({ gradient }) => gradient),
      1e-6,
    );
  });

  test('shapes and parameters that do not fit are refused', () => {
    const fits = {
      studentLogits: tf.zeros<tf.Rank.R2>([2, 3]),
      topIds: tf.zeros<tf.Rank.R2>([2, 1], 'int32'),
      topLogProbs: tf.zeros<tf.Rank.R2>([2, 1]),
    };
    const call = (options: Partial<TopKDivergenceOptions>) => () => topKDivergence({ ...fits, ...options });
    expect(call({ topIds: tf.zeros([2, 1]) })).toThrow('topIds must be int32');
    expect(call({ topLogProbs: tf.zeros([2, 2]) })).toThrow('must both be [2, k]');
    expect(call({ topIds: tf.zeros([2, 4], 'int32'), topLogProbs: tf.zeros([2, 4]) })).toThrow('k must be');
    expect(call({ mask: tf.zeros([3]) })).toThrow('3 values for 2 rows');
    expect(call({ temperature: 0 })).toThrow('temperature');
    expect(call({ minimumTail: 0 })).toThrow('minimumTail');
  });
});
