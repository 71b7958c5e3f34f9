import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { causalAttention, causalAttentionReference } from './causal-attention.js';
import { embedding } from './embedding.js';
import { hasFusedKernel } from './fused-op.js';
import { linear, linearReference } from './linear.js';
import { rmsNorm, rmsNormReference } from './rms-norm.js';
import { rotaryTable } from './rotary-table.js';
import { swiglu, swigluReference } from './swiglu.js';
import { tokenLogProbs, tokenLogProbsReference } from './token-log-probs.js';
import { vocabularyKl, vocabularyKlReference } from './vocabulary-kl.js';

const random = createRandom(1);

function values(shape: readonly number[], scale = 1): tf.Tensor {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => random.normal() * scale),
    [...shape],
  );
}

type Compute = (...inputs: tf.Tensor[]) => tf.Tensor;

/** Values and gradients of one function; the output is contracted with fixed random numbers so that every element counts. */
async function valueAndGradients(compute: Compute, inputs: tf.Tensor[], weights: tf.Tensor) {
  const value = await compute(...inputs).data();
  const gradients = tf.grads((...xs: tf.Tensor[]) => tf.sum(tf.mul(compute(...xs), weights)))(inputs);
  return { value, gradients: await Promise.all(gradients.map((gradient) => gradient.data())) };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 2e-5): void {
  expect(actual.length).toBe(expected.length);
  let scale = 1e-3;
  for (let index = 0; index < expected.length; index++) scale = Math.max(scale, Math.abs(expected[index] as number));
  for (let index = 0; index < expected.length; index++) {
    expect(Math.abs((actual[index] as number) - (expected[index] as number)) / scale, `element ${index}`).toBeLessThan(
      tolerance,
    );
  }
}

/** The fused op on wasm against the stock composition on the cpu backend, in value and in gradient. */
async function compare(
  fused: Compute,
  reference: Compute,
  shapes: readonly (readonly number[])[],
  output: readonly number[],
) {
  await selectEngine({ engine: 'cpu' });
  const inputs = shapes.map((shape) => values(shape));
  const weights = values(output);
  const expected = await valueAndGradients(reference, inputs, weights);
  const data = await Promise.all([...inputs, weights].map((tensor) => tensor.data()));
  await tf.setBackend('wasm');
  const copies = [...shapes, output].map((shape, index) => tf.tensor(data[index] as Float32Array, [...shape]));
  const before = tf.memory().numTensors;
  tf.engine().startScope();
  const actual = await valueAndGradients(fused, copies.slice(0, -1), copies.at(-1) as tf.Tensor);
  tf.engine().endScope();
  expect(tf.memory().numTensors).toBe(before);
  expectClose(actual.value, expected.value);
  actual.gradients.forEach((gradient, index) => {
    expectClose(gradient, expected.gradients[index] as Float32Array);
  });
}

describe('fused ops on wasm agree with stock ops on cpu, in value and gradient', () => {
  beforeAll(async () => {
    const engine = await selectEngine({ engine: 'wasm' });
    expect(engine.fused).toBe(true);
    expect(hasFusedKernel('DgpoLinear')).toBe(true);
  });

  test.each([
    [1, 1, 1],
    [3, 7, 5],
    [33, 65, 12],
    [8, 16, 300],
    [130, 9, 520],
  ])('linear of %i rows, %i outputs, %i inputs', async (rows, outputs, inputs) => {
    await compare(
      (x, weight) => linear({ x: x as tf.Tensor, weight: weight as tf.Tensor }),
      (x, weight) => linearReference({ x: x as tf.Tensor, weight: weight as tf.Tensor }),
      [
        [rows, inputs],
        [outputs, inputs],
      ],
      [rows, outputs],
    );
  });

  test.each([
    [1, 3],
    [5, 8],
    [9, 65],
  ])('rmsNorm of %i rows of %i', async (rows, width) => {
    await compare(
      (x, weight) => rmsNorm({ x: x as tf.Tensor, weight: weight as tf.Tensor, epsilon: 1e-5 }),
      (x, weight) => rmsNormReference({ x: x as tf.Tensor, weight: weight as tf.Tensor, epsilon: 1e-5 }),
      [[rows, width], [width]],
      [rows, width],
    );
  });

  test.each([
    [1, 2],
    [4, 6],
    [7, 33],
  ])('swiglu of %i rows of %i', async (rows, width) => {
    await compare(
      (gateUp) => swiglu({ gateUp: gateUp as tf.Tensor }),
      (gateUp) => swigluReference({ gateUp: gateUp as tf.Tensor }),
      [[rows, 2 * width]],
      [rows, width],
    );
  });

  test('embedding, with repeated ids', async () => {
    const ids = [4, 0, 4, 2, 4];
    await compare(
      (table) => embedding({ table: table as tf.Tensor, ids: tf.tensor1d(ids, 'int32') }),
      // One-hot times table: the definition, and an independent gradient.
      (table) => tf.matMul(tf.oneHot(tf.tensor1d(ids, 'int32'), 6).cast('float32'), table as tf.Tensor2D),
      [[6, 5]],
      [5, 5],
    );
  });

  test.each([
    { batch: 1, time: 1, heads: 1, keyValueHeads: 1, headDim: 2, lengths: [1] },
    { batch: 2, time: 7, heads: 2, keyValueHeads: 2, headDim: 6, lengths: [7, 4] },
    { batch: 3, time: 37, heads: 4, keyValueHeads: 2, headDim: 8, lengths: [37, 1, 33] },
    { batch: 1, time: 70, heads: 3, keyValueHeads: 1, headDim: 12, lengths: [65] },
  ])('causalAttention with $heads heads over $keyValueHeads, lengths $lengths', async (shape) => {
    const { batch, time, heads, keyValueHeads, headDim } = shape;
    const shared = () => ({
      batch,
      time,
      heads,
      keyValueHeads,
      headDim,
      lengths: tf.tensor1d(shape.lengths, 'int32'),
      positions: tf.tensor1d(
        Array.from({ length: batch * time }, (_, index) => index % time),
        'int32',
      ),
      cosSin: tf.tensor2d(rotaryTable({ maxPositions: time, headDim, theta: 10_000 }), [time, headDim]),
    });
    await compare(
      (queryKeyValue) => causalAttention({ queryKeyValue: queryKeyValue as tf.Tensor, ...shared() }),
      (queryKeyValue) => causalAttentionReference({ queryKeyValue: queryKeyValue as tf.Tensor, ...shared() }),
      [[batch * time, (heads + 2 * keyValueHeads) * headDim]],
      [batch * time, heads * headDim],
    );
  });

  test.each([1, 0.7])('tokenLogProbs and entropy at temperature %d', async (temperature) => {
    const targets = [3, -1, 0, 10, 6];
    const outputs = (compute: typeof tokenLogProbs) => (hidden?: tf.Tensor, weight?: tf.Tensor) => {
      const { logProbs, entropy } = compute({
        hidden: hidden as tf.Tensor,
        weight: weight as tf.Tensor,
        targets: tf.tensor1d(targets, 'int32'),
        temperature,
      });
      return tf.stack([logProbs, entropy]);
    };
    await compare(
      outputs(tokenLogProbs),
      outputs(tokenLogProbsReference),
      [
        [5, 6],
        [11, 6],
      ],
      [2, 5],
    );
  });

  test.each([
    ['forward', 1],
    ['reverse', 1],
    ['forward', 0.7],
    ['reverse', 1.6],
  ] as const)('%s vocabularyKl at temperature %d', async (direction, temperature) => {
    const mask = [1, 0, 1, 1];
    const of = (compute: typeof vocabularyKl) => (hidden?: tf.Tensor, weight?: tf.Tensor) =>
      compute({
        hidden: hidden as tf.Tensor,
        weight: weight as tf.Tensor,
        teacherHidden: tf.tensor2d(
          Array.from({ length: 12 }, (_, index) => Math.sin(index)),
          [4, 3],
        ),
        teacherWeight: tf.tensor2d(
          Array.from({ length: 27 }, (_, index) => Math.cos(index * 2)),
          [9, 3],
        ),
        mask: tf.tensor1d(mask),
        direction,
        temperature,
      });
    await compare(
      of(vocabularyKl),
      of(vocabularyKlReference),
      [
        [4, 5],
        [9, 5],
      ],
      [4],
    );
  });
});
