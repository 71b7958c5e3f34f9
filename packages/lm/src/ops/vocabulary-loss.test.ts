import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { vocabularyKl64 } from '../engine/__fixtures__/float64-ops.js';
import { selectEngine } from '../engine/select-engine.js';
import { tokenLogProbs } from './token-log-probs.js';
import { vocabularyKl } from './vocabulary-kl.js';
import { type TaughtLogitRows, vocabularyLoss } from './vocabulary-loss.js';

const [rows, vocabulary, width, teacherWidth] = [7, 11, 5, 3];
const random = createRandom(5);
const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());
const data = {
  hidden: draw(rows * width),
  weight: draw(vocabulary * width),
  teacherHidden: draw(rows * teacherWidth),
  teacherWeight: draw(vocabulary * teacherWidth),
};
const mask = [1, 0, 1, 1, 0, 1, 1];
const targets = [3, 9, 0, 10, -1, 5, 5];
const upstream = [0.5, Number.NaN, -1, 2, Number.NaN, 1, 0.25];

/** A copy with NaN in the rows outside the mask. */
const poisoned = (matrix: Float32Array, columns: number) =>
  matrix.map((value, index) => (mask[Math.floor(index / columns)] === 0 ? Number.NaN : value));

interface Tensors {
  hidden: tf.Tensor;
  weight: tf.Tensor;
  teacherHidden: tf.Tensor;
  teacherWeight: tf.Tensor;
  mask: tf.Tensor;
}

function tensors({ poison = false } = {}): Tensors {
  const { hidden, teacherHidden } = data;
  return {
    hidden: tf.tensor2d(poison ? poisoned(hidden, width) : hidden, [rows, width]),
    weight: tf.tensor2d(data.weight, [vocabulary, width]),
    teacherHidden: tf.tensor2d(poison ? poisoned(teacherHidden, teacherWidth) : teacherHidden, [rows, teacherWidth]),
    teacherWeight: tf.tensor2d(data.teacherWeight, [vocabulary, teacherWidth]),
    mask: tf.tensor1d(mask),
  };
}

/** KL(teacher ‖ student) from stock ops with their own gradients. */
function forwardKl({ studentLogits, teacherLogits }: Pick<TaughtLogitRows<never>, 'studentLogits' | 'teacherLogits'>) {
  const [logQ, logP] = [tf.logSoftmax(studentLogits), tf.logSoftmax(teacherLogits)];
  return tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), 1);
}

/** Values, and gradients by hidden states and weight of a sum in which every row counts differently and masked ones are NaN. */
async function run(compute: (inputs: Tensors) => tf.Tensor, inputs: Tensors, weights = upstream) {
  const results = tf.tidy(() => [
    compute(inputs),
    ...tf.grads((hidden, weight) =>
      tf.sum(tf.where(tf.notEqual(tf.tensor1d(mask), 0), tf.mul(compute({ ...inputs, hidden, weight }), weights), 0)),
    )([inputs.hidden, inputs.weight]),
  ]) as tf.Tensor[];
  const values = await Promise.all(results.map(async (tensor) => [...(await tensor.data())]));
  tf.dispose([results, { ...inputs }]);
  return { value: values[0] ?? [], hidden: values[1] ?? [], weight: values[2] ?? [] };
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, index) => {
    const difference = Math.abs((actual[index] as number) - value) / Math.max(1, Math.abs(value));
    expect(difference, `element ${index}: ${actual[index]}, expected ${value}`).toBeLessThanOrEqual(tolerance);
  });
}

describe.each(['cpu', 'wasm'] as const)('vocabularyLoss on %s', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  test.each([1, 2, 3, 7, undefined])('%s rows at once: value and gradients of vocabularyKl', async (rowsAtOnce) => {
    const before = tf.memory().numTensors;
    const clean = upstream.map((value) => (Number.isNaN(value) ? 0 : value));
    const expected = await run((inputs) => vocabularyKl({ ...inputs, direction: 'forward' }), tensors(), clean);
    expectClose(expected.value, vocabularyKl64({ ...data, mask, direction: 'forward' }));
    const actual = await run(
      (inputs) => vocabularyLoss({ ...inputs, rowsAtOnce, run: (chunk) => ({ kl: forwardKl(chunk) }) }).kl,
      tensors({ poison: true }),
    );
    expectClose(actual.value, expected.value);
    expectClose(actual.hidden, expected.hidden);
    expectClose(actual.weight, expected.weight);
    expect([actual.value[1], actual.value[4]]).toEqual([0, 0]);
    expect(actual.hidden.slice(width, 2 * width)).toEqual([0, 0, 0, 0, 0]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([2, undefined])('%s rows at once: more tensors, more values, no teacher', async (rowsAtOnce) => {
    const both = (logProbs: tf.Tensor, entropy: tf.Tensor) => tf.add(logProbs, tf.mul(entropy, 0.5));
    const ids = () => tf.tensor1d(targets, 'int32');
    const expected = await run(
      ({ hidden, weight }) => {
        const { logProbs, entropy } = tokenLogProbs({ hidden, weight, targets: ids(), temperature: 0.7 });
        return tf.mul(both(logProbs, entropy), tf.tensor1d(mask));
      },
      tensors(),
      upstream.map((value) => (Number.isNaN(value) ? 0 : value)),
    );
    const actual = await run(
      ({ hidden, weight, mask: counts }) => {
        const { logProbs, entropy } = vocabularyLoss({
          hidden,
          weight,
          mask: counts,
          rows: { ids: ids() },
          rowsAtOnce,
          run: ({ studentLogits, rows: { ids: chunk } }) => {
            const all = tf.logSoftmax(tf.div(studentLogits, 0.7));
            return {
              logProbs: tf.sum(tf.mul(all, tf.cast(tf.oneHot(chunk, vocabulary), 'float32')), 1),
              entropy: tf.neg(tf.sum(tf.mul(tf.exp(all), all), 1)),
            };
          },
        });
        return both(logProbs, entropy);
      },
      tensors({ poison: true }),
    );
    expectClose(actual.value, expected.value);
    expectClose(actual.hidden, expected.hidden);
    expectClose(actual.weight, expected.weight);
  });

  test.each([2, undefined])('%s rows at once: an op with a gradient of its own', async (rowsAtOnce) => {
    const square = tf.customGrad((...inputs) => {
      const [x, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
      save([x]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.mul(tf.expandDims(dy, 1), tf.mul(saved[0] as tf.Tensor, 2));
      return { value: tf.sum(tf.square(x), 1), gradFunc };
    });
    const { hidden, weight } = data;
    const actual = await run(
      (inputs) => vocabularyLoss({ ...inputs, rowsAtOnce, run: (chunk) => ({ x: square(chunk.studentLogits) }) }).x,
      tensors(),
    );
    const logit = (row: number, v: number) =>
      Array.from({ length: width }, (_, i) => (hidden[row * width + i] ?? 0) * (weight[v * width + i] ?? 0)).reduce(
        (sum, x) => sum + x,
      );
    const all = mask.map((real, row) => Array.from({ length: vocabulary }, (_, v) => real * logit(row, v)));
    expectClose(
      actual.value,
      all.map((z) => z.reduce((sum, x) => sum + x * x, 0)),
    );
    expectClose(
      actual.hidden,
      all.flatMap((z, row) =>
        Array.from({ length: width }, (_, i) =>
          z.reduce(
            (sum, x, v) => sum + (mask[row] ? (upstream[row] ?? 0) * 2 * x * (weight[v * width + i] ?? 0) : 0),
            0,
          ),
        ),
      ),
    );
  });

  test.each([2, undefined])('%s rows at once: the teacher and the extra rows are constants', async (rowsAtOnce) => {
    const x = tf.tensor2d(data.hidden, [rows, width]);
    const table = tf.tensor2d(data.weight, [vocabulary, width]);
    const gradient = tf.tidy(() =>
      tf.grads((hidden, weight) => {
        const { kl } = vocabularyLoss({
          ...{ hidden: x, weight: table, teacherHidden: hidden, teacherWeight: weight, rowsAtOnce },
          rows: { factor: tf.sum(hidden, 1) },
          run: ({ rows: { factor }, ...chunk }) => ({ kl: tf.mul(forwardKl(chunk), factor) }),
        });
        return tf.add(tf.sum(kl), tf.mul(tf.add(tf.sum(hidden), tf.sum(weight)), 3));
      })([tf.mul(x, 2), tf.mul(table, -1)]),
    );
    for (const tensor of gradient) expect(new Set(await tensor.data())).toEqual(new Set([3]));
    tf.dispose([x, table, gradient]);
  });

  test('a frozen weight costs no gradient, and no matrix of all rows over the vocabulary exists', async () => {
    const profiled = async (trainable: boolean, rowsAtOnce: number) => {
      const inputs = tensors();
      const hidden = tf.variable(inputs.hidden);
      const weight = tf.variable(inputs.weight, trainable);
      const { kernels } = await tf.profile(() => {
        const { value, grads } = tf.variableGrads(
          () =>
            tf.sum(
              vocabularyLoss({ ...inputs, hidden, weight, rowsAtOnce, run: (chunk) => ({ kl: forwardKl(chunk) }) }).kl,
            ) as tf.Scalar,
          trainable ? [hidden, weight] : [hidden],
        );
        tf.dispose([value, grads]);
        return tf.scalar(0);
      });
      tf.dispose([hidden, weight, { ...inputs }]);
      const shapes = kernels.flatMap(({ outputShapes }) => outputShapes.map((shape) => shape.join()));
      const sizes = kernels.flatMap(({ outputShapes }) =>
        outputShapes.map((shape) => shape.reduce((a, b) => a * b, 1)),
      );
      return { largest: Math.max(...sizes), made: shapes.filter((shape) => shape === `${vocabulary},${width}`).length };
    };
    // Two rows of logits are 22 values, seven are 77; the greatest matrix otherwise is the weight of 55.
    expect((await profiled(true, 2)).largest).toBe(vocabulary * width);
    expect((await profiled(true, 7)).largest).toBe(rows * vocabulary);
    const frozen = await profiled(false, 2);
    expect(frozen.largest).toBeLessThanOrEqual(vocabulary * width);
    expect((await profiled(true, 2)).made - frozen.made).toBeGreaterThanOrEqual(4);
  });

  test('shapes that do not fit are refused', () => {
    const inputs = tensors();
    const call = (options: Partial<Tensors> & { rowsAtOnce?: number; rows?: Record<string, tf.Tensor> }) => () =>
      vocabularyLoss({ ...inputs, ...options, run: (chunk) => ({ kl: forwardKl(chunk) }) });
    expect(call({ mask: tf.zeros([3]) })).toThrow('mask: 3 rows for 7 hidden states');
    expect(call({ teacherHidden: tf.zeros([2, 3]) })).toThrow('teacherHidden: 2 rows');
    expect(call({ rows: { ids: tf.zeros([1]) } })).toThrow('ids: 1 rows');
    expect(call({ teacherWeight: tf.zeros([4, 3]) })).toThrow('vocabulary of 11 and teacher one of 4');
    expect(call({ rowsAtOnce: 0 })).toThrow('rowsAtOnce');
    const kl = { ...inputs, teacherWeight: tf.zeros([4, 3]), direction: 'reverse' } as const;
    expect(() => vocabularyKl(kl)).toThrow('vocabulary of 11 and teacher one of 4');
  });
});
