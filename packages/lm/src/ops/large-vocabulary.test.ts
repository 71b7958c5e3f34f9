import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { tokenLogProbs64, vocabularyKl64 } from '../engine/__fixtures__/float64-ops.js';
import { selectEngine } from '../engine/select-engine.js';
import { wasmContext } from '../engine/wasm-context.js';
import { tokenLogProbs, tokenLogProbsReference } from './token-log-probs.js';
import { vocabularyKl, vocabularyKlReference } from './vocabulary-kl.js';

/** That of SmolLM2. */
const vocabulary = 49_152;
const rows = 24;
const width = 4;
const random = createRandom(1);
const draw = (size: number) => Float32Array.from({ length: size }, () => 2 * random.normal());
const hidden = draw(rows * width);
const weight = draw(vocabulary * width);
const teacherHidden = draw(rows * width);
const targets = Array.from({ length: rows }, (_, row) => (row % 5 === 3 ? -1 : (row * 7_919) % vocabulary));
const mask = targets.map((target) => (target < 0 ? 0 : 1));

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, index) => {
    expect(Math.abs((actual[index] as number) - value), `element ${index}`).toBeLessThan(
      2e-5 * Math.max(1, Math.abs(value)),
    );
  });
}

describe.each(['cpu', 'wasm'] as const)('a vocabulary of 49,152 on %s', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  // On wasm in chunks of 21 rows by the kernel; from stock ops in chunks of 16.
  const scored = engine === 'wasm' ? tokenLogProbs : tokenLogProbsReference;
  const divergence = engine === 'wasm' ? vocabularyKl : vocabularyKlReference;

  test('log-probabilities and entropies are those of the definition in float64, and so is a slope', async () => {
    const expected = tokenLogProbs64({ hidden, weight, targets, width, temperature: 1 });
    /** What one row adds to the sum of all outputs. */
    const ofRow = (row: number, values: Float32Array) => {
      const [logProb = 0, entropy = 0] = tokenLogProbs64({
        ...{ weight, width, temperature: 1 },
        hidden: values.subarray(row * width, (row + 1) * width),
        targets: targets.slice(row, row + 1),
      });
      return logProb + entropy;
    };
    const compute = (states: tf.Tensor) => {
      const options = { hidden: states, weight: tf.tensor2d(weight, [vocabulary, width]), rowsAtOnce: 16 };
      const { logProbs, entropy } = scored({ ...options, targets: tf.tensor1d(targets, 'int32') });
      return tf.concat([logProbs, entropy]);
    };
    const before = tf.memory().numTensors;
    const [value, gradient] = tf.tidy(() => {
      const states = tf.tensor2d(hidden, [rows, width]);
      return [compute(states), tf.grad((x) => tf.sum(compute(x)))(states)];
    }) as [tf.Tensor, tf.Tensor];
    expectClose(await value.data(), expected);
    const slopes = await gradient.data();
    for (const element of [1, 3 * width + 2, 21 * width]) {
      const moved = (by: number) =>
        ofRow(
          Math.floor(element / width),
          hidden.map((x, index) => (index === element ? x + by : x)),
        );
      const step = 2 ** -8;
      expectClose([(slopes[element] as number) / 50], [(moved(step) - moved(-step)) / (2 * step) / 50]);
    }
    tf.dispose([value, gradient]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each(['forward', 'reverse'] as const)(
    'the %s divergence is that of the definition in float64',
    async (direction) => {
      const expected = vocabularyKl64({ hidden, weight, teacherHidden, teacherWeight: weight, mask, direction });
      const value = tf.tidy(() => {
        const table = tf.tensor2d(weight, [vocabulary, width]);
        return divergence({
          hidden: tf.tensor2d(hidden, [rows, width]),
          teacherHidden: tf.tensor2d(teacherHidden, [rows, width]),
          ...{ weight: table, teacherWeight: table, mask: tf.tensor1d(mask), direction, rowsAtOnce: 16 },
        });
      });
      expectClose(await value.data(), expected);
      value.dispose();
    },
  );
});

test('1,024 tokens over 152,064 pieces: the heap grows by the gradient of the weight and less than 64 MiB, not by 594 MiB of logits', async () => {
  await selectEngine({ engine: 'wasm' });
  const heap = () => wasmContext()?.floats(0, 0).buffer.byteLength ?? 0;
  const [tokens, pieces] = [1024, 152_064];
  const states = tf.variable(tf.randomNormal([tokens, 2], 0, 1, 'float32', 1));
  const table = tf.variable(tf.randomNormal([pieces, 2], 0, 1, 'float32', 2));
  const before = heap();
  const { value, grads } = tf.variableGrads(() => {
    const ids = Int32Array.from({ length: tokens }, (_, index) => (index * 7_919) % pieces);
    return tf.sum(
      tokenLogProbs({ hidden: states, weight: table, targets: tf.tensor1d(ids, 'int32') }).logProbs,
    ) as tf.Scalar;
  }, [states, table]);
  const [sum] = await value.data();
  expect(sum).toBeLessThan(-1024 * 10);
  expect(heap() - before).toBeLessThan(64 * 2 ** 20);
  tf.dispose([value, grads, states, table]);
});
