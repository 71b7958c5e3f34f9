import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { linear } from '../ops/linear.js';
import { selectEngine } from './select-engine.js';

beforeAll(async () => {
  await selectEngine({ engine: 'wasm' });
});

test('a clone costs no memory, outlives its source and frees the values when it goes as the last', async () => {
  const { numDataBuffers } = tf.memory();
  const source = tf.tensor1d([1, 2, 3]);
  const clone = tf.clone(source);
  expect(clone.dataId).toBe(source.dataId);
  expect(tf.memory().numDataBuffers).toBe(numDataBuffers + 1);
  source.dispose();
  expect([...(await clone.data())]).toEqual([1, 2, 3]);
  clone.dispose();
  expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
  const words = tf.tensor1d(['a', 'b']);
  const copy = tf.clone(words);
  words.dispose();
  expect(await copy.data()).toEqual(['a', 'b']);
  copy.dispose();
});

test('the tape holds no copy of a weight', () => {
  const weight = tf.variable(tf.ones([100, 100]));
  let kept: tf.Tensor[] = [];
  const probe = tf.customGrad((x) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (gradient: tf.Tensor) => {
      kept = tf.engine().state.activeTape.flatMap((node) => node.saved ?? []);
      expect(kept.filter(({ size }) => size === weight.size).map(({ dataId }) => dataId)).toEqual([weight.dataId]);
      return gradient;
    },
  }));
  const { value, grads } = tf.variableGrads(
    () => probe(tf.sum(linear({ x: tf.ones([1, 100]), weight }))) as tf.Scalar,
    [weight],
  );
  expect(kept.length).toBeGreaterThan(0);
  tf.dispose([value, grads, weight]);
});
