import { type DivergenceName, divergence, taidDivergence } from '@dgpo/distill';
import {
  createDecoder,
  type Decoder,
  decoderConfig,
  embedding,
  hiddenStates,
  outputEmbedding,
  selectEngine,
  tokenBatch,
  vocabularyKl,
  vocabularyLoss,
} from '@dgpo/lm';
import { topKDivergence } from '@dgpo/rl';
import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gradientOf } from './gradient.js';

// Losses of @dgpo/distill and @dgpo/rl through the op of @dgpo/lm, in the backward pass of a whole decoder.

const vocabularySize = 23;
const model = (options: { tied: boolean; hiddenSize: number; seed: number }) =>
  createDecoder({
    config: decoderConfig({
      modelType: 'qwen3',
      vocabularySize,
      hiddenSize: options.hiddenSize,
      numHiddenLayers: 2,
      numAttentionHeads: 2,
      maxPositionEmbeddings: 16,
      tieWordEmbeddings: options.tied,
    }),
    random: createRandom(options.seed),
  });

const random = createRandom(3);
const sequences = [7, 5].map((length) => Int32Array.from({ length }, () => Math.floor(random.next() * vocabularySize)));
const scored = [0, 1, 3, 5, 7, 8, 10];
const mask = [1, 1, 0, 1, 1, 1, 0];
const weights = mask.map((real, index) => (real === 0 ? Number.NaN : 1 + 0.5 * index));

interface Case {
  name: string;
  /** From logits of some rows, and the teacher's top k of them, to their values. */
  run: (rows: {
    studentLogits: tf.Tensor2D;
    teacherLogits: tf.Tensor2D;
    topIds: tf.Tensor2D;
    topLogProbs: tf.Tensor2D;
    mask: tf.Tensor1D;
  }) => tf.Tensor;
}

const names: DivergenceName[] = ['fkl', 'rkl', 'js', 'skew-fkl', 'skew-rkl', 'tvd', 'adaptive-kl'];
const cases: Case[] = [
  ...[...names.map((name) => ({ name, temperature: 0.7 })), { name: 'fkl' as const, temperature: 1 }].map(
    ({ name, temperature }): Case => ({
      name: `${name} at temperature ${temperature}`,
      run: ({ studentLogits, teacherLogits, mask: real }) =>
        divergence({ name, studentLogits, teacherLogits, mask: real, temperature }),
    }),
  ),
  {
    name: 'taid and its cross-entropy',
    run: (rows) => {
      const { kl, crossEntropy } = taidDivergence({ ...rows, t: 0.4, temperature: 1.5 });
      return tf.add(kl, tf.mul(crossEntropy, 0.25));
    },
  },
  ...(['reverse', 'forward'] as const).map(
    (direction): Case => ({ name: `top k, ${direction}`, run: (rows) => topKDivergence({ ...rows, direction }) }),
  ),
];

function expectClose(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const worst = expected.reduce((most, value, index) => Math.max(most, Math.abs((actual[index] as number) - value)), 0);
  expect(expected.some((value) => Math.abs(value) > 1e-4)).toBe(true);
  expect(worst / scale).toBeLessThan(1e-5);
}

describe.each([
  { engine: 'cpu', tied: true },
  { engine: 'wasm', tied: false },
] as const)('on $engine, output embedding tied: $tied', ({ engine, tied }) => {
  let student: Decoder;
  let teacher: Decoder;
  let target: tf.Tensor2D;
  let topIds: tf.Tensor2D;
  let topLogProbs: tf.Tensor2D;

  const hiddenOf = (decoder: Decoder) => {
    const batch = tokenBatch({ sequences });
    return embedding({ table: hiddenStates(decoder, batch), ids: tf.tensor1d(scored, 'int32') }) as tf.Tensor2D;
  };
  /** NaN in rows outside the mask. */
  const poisoned = (matrix: tf.Tensor) =>
    tf.where(
      tf.tile(tf.expandDims(tf.cast(tf.tensor1d(mask), 'bool'), 1), [1, matrix.shape[1] as number]),
      matrix,
      Number.NaN,
    );
  const sum = (values: tf.Tensor) =>
    tf.sum(tf.where(tf.cast(tf.tensor1d(mask), 'bool'), tf.mul(values, tf.tensor1d(weights)), 0)) as tf.Scalar;

  const viaHidden = (run: Case['run'], rowsAtOnce?: number) =>
    gradientOf(student, () => {
      const { value } = vocabularyLoss({
        hidden: hiddenOf(student),
        weight: outputEmbedding(student),
        teacherHidden: poisoned(target),
        teacherWeight: outputEmbedding(teacher),
        mask: tf.tensor1d(mask),
        rows: { topIds, topLogProbs: poisoned(topLogProbs) },
        rowsAtOnce,
        run: ({ rows, ...chunk }) => ({ value: run({ ...chunk, ...rows } as Parameters<Case['run']>[0]) }),
      });
      return { loss: sum(value) };
    });

  beforeAll(async () => {
    await selectEngine({ engine });
    student = model({ tied, hiddenSize: 8, seed: 1 });
    teacher = model({ tied, hiddenSize: 12, seed: 2 });
    for (const decoder of [student, teacher]) {
      // Far enough apart that no divergence is near 0.
      const table = outputEmbedding(decoder) as tf.Variable;
      tf.tidy(() => table.assign(tf.mul(table, 20)));
    }
    target = tf.tidy(() => hiddenOf(teacher));
    [topLogProbs, topIds] = tf.tidy(() => {
      const logProbs = tf.logSoftmax(tf.matMul(target, outputEmbedding(teacher), false, true));
      const { values, indices } = tf.topk(logProbs, 4, true);
      return [values as tf.Tensor2D, indices as tf.Tensor2D];
    });
  });

  afterAll(() => {
    student.dispose();
    teacher.dispose();
    tf.dispose([target, topIds, topLogProbs]);
  });

  test.each(cases)('$name: as on whole logits, however many rows at once', async ({ run }) => {
    const expected = await gradientOf(student, () => {
      const studentLogits = tf.matMul(hiddenOf(student), outputEmbedding(student), false, true) as tf.Tensor2D;
      const teacherLogits = tf.matMul(target, outputEmbedding(teacher), false, true) as tf.Tensor2D;
      return { loss: sum(run({ studentLogits, teacherLogits, topIds, topLogProbs, mask: tf.tensor1d(mask) })) };
    });
    expect(Math.abs(expected.loss)).toBeGreaterThan(1e-2);
    for (const rowsAtOnce of [1, 3, undefined]) {
      const before = tf.memory().numTensors;
      const actual = await viaHidden(run, rowsAtOnce);
      expect(tf.memory().numTensors).toBe(before);
      expectClose(Float32Array.of(actual.loss), Float32Array.of(expected.loss));
      expectClose(actual.gradients, expected.gradients);
    }
  });

  test.each([
    ['fkl', 'forward', 1],
    ['rkl', 'reverse', 1],
    ['fkl', 'forward', 0.7],
    ['rkl', 'reverse', 1.6],
  ] as const)('%s is vocabularyKl, %s, at temperature %d', async (name, direction, temperature) => {
    const expected = await gradientOf(student, () => {
      const values = vocabularyKl({
        ...{ hidden: hiddenOf(student), weight: outputEmbedding(student), mask: tf.tensor1d(mask) },
        ...{ teacherHidden: target, teacherWeight: outputEmbedding(teacher), direction, temperature },
      });
      // Also of weights: NaN from above is kept out of rows that do not count by vocabularyLoss alone.
      return {
        loss: tf.sum(
          tf.mul(
            values,
            weights.map((weight) => weight || 0),
          ),
        ) as tf.Scalar,
      };
    });
    const actual = await viaHidden((rows) => divergence({ ...rows, name, temperature }), 2);
    expectClose(Float32Array.of(actual.loss), Float32Array.of(expected.loss));
    expectClose(actual.gradients, expected.gradients);
  });

  test.each(cases)('$name: no matrix of all rows over the vocabulary', async ({ run }) => {
    let inFlight: Promise<unknown> = Promise.resolve();
    const { kernels } = await tf.profile(() => {
      inFlight = viaHidden(run, 2);
      return tf.scalar(0);
    });
    await inFlight;
    const shapes = kernels.flatMap(({ outputShapes }) => outputShapes);
    expect(shapes.some((shape) => shape.join() === `2,${vocabularySize}`)).toBe(true);
    expect(shapes.filter((shape) => shape[0] === scored.length && shape[1] === vocabularySize)).toEqual([]);
    expect(shapes.filter((shape) => shape[0] === scored.length * vocabularySize)).toEqual([]);
  });
});
