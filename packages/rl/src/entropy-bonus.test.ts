import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { expectClose, numberOf, valueAndGradient } from './__fixtures__/numerics.js';
import { entropyBonus } from './entropy-bonus.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('lowers the loss by the weighted entropy; NaN under weight 0 does not count', async () => {
  const weights = tf.tensor1d([0.5, 0.5, 0]);
  const entropy = tf.tensor1d([1, 3, Number.NaN]);
  const { value, gradient } = await valueAndGradient(
    (x) => entropyBonus({ entropy: x, weights, coefficient: 0.1 }).loss,
    entropy,
  );
  expectClose([value], [-0.2], 1e-7);
  expectClose(gradient, [-0.05, -0.05, 0], 1e-8);
  expect(await numberOf(entropyBonus({ entropy, weights }).metrics.entropy)).toBe(2);
  expectClose([await numberOf(entropyBonus({ entropy, weights }).loss)], [-0.002], 1e-8);
});

test('no weights give 0', async () => {
  const { loss } = entropyBonus({ entropy: tf.tensor1d([Number.NaN]), weights: tf.tensor1d([0]) });
  expectClose([await numberOf(loss)], [0], 0);
});
