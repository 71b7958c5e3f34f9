import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { centralDifferences, expectClose, valueAndGradient } from './__fixtures__/numerics.js';
import { coldStartLoss } from './cold-start-loss.js';
import { divergence } from './divergence.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const numberOf = async (scalar: tf.Scalar) => (await scalar.data())[0] as number;
const poison = Number.NaN;
const logProbs = [poison, -1, -2, poison];
const kl = [poison, 0.5, 0.25, poison];
const weights = [0, 0.5, 0.5, 0];

describe('coldStartLoss', () => {
  test('CE + λ·KL by hand; NaN on prompt and padding does not count', async () => {
    const { value, gradient } = await valueAndGradient(
      (x) => coldStartLoss({ logProbs: x, kl: tf.tensor1d(kl), weights: tf.tensor1d(weights) }).loss,
      tf.tensor1d(logProbs),
    );
    expect(value).toBe(1.5 + 0.375);
    expect(gradient).toEqual([0, -0.5, -0.5, 0].map((slope) => slope + 0));
    const throughKl = await valueAndGradient(
      (x) =>
        coldStartLoss({
          logProbs: tf.tensor1d(logProbs),
          kl: x,
          weights: tf.tensor1d(weights),
          klWeight: 2,
          ceWeight: 0,
        }).loss,
      tf.tensor1d(kl),
    );
    expect(throughKl).toEqual({ value: 0.75, gradient: [0, 1, 1, 0] });
  });

  test('metrics are the parts before their weights', async () => {
    const { loss, metrics } = coldStartLoss({
      logProbs: tf.tensor1d(logProbs),
      kl: tf.tensor1d(kl),
      weights: tf.tensor1d(weights),
      ceWeight: 0.5,
      klWeight: 4,
    });
    expect(await numberOf(metrics.crossEntropy)).toBe(1.5);
    expect(await numberOf(metrics.kl)).toBe(0.375);
    expect(await numberOf(loss)).toBe(0.75 + 1.5);
  });

  test('without kl it is SeqKD; asking for a KL term then is an error', async () => {
    const inputs = { logProbs: tf.tensor1d(logProbs), weights: tf.tensor1d(weights) };
    expect(await numberOf(coldStartLoss(inputs).loss)).toBe(1.5);
    expect(() => coldStartLoss({ ...inputs, klWeight: 1 })).toThrow('klWeight');
  });

  test('no weights give 0', async () => {
    const zero = tf.tensor1d([0, 0]);
    const nan = tf.tensor1d([poison, poison]);
    expect(Math.abs(await numberOf(coldStartLoss({ logProbs: nan, kl: nan, weights: zero }).loss))).toBe(0);
  });

  test('micro-batches of one row add up to the batch', async () => {
    const rows = Array.from({ length: 8 }, (_, row) => [-0.1 * row - 0.3, -1.7 / (row + 1)]);
    const lossOf = (some: number[][]) =>
      valueAndGradient(
        (x) => coldStartLoss({ logProbs: x, kl: tf.square(x), weights: tf.fill([some.length, 2], 1 / 16) }).loss,
        tf.tensor2d(some),
      );
    const whole = await lossOf(rows);
    const parts = await Promise.all(rows.map((row) => lossOf([row])));
    expect(parts.flatMap((part) => part.gradient)).toEqual(whole.gradient);
    expectClose([parts.reduce((sum, part) => sum + part.value, 0)], [whole.value], 1e-6);
  });

  test('from logits, value and gradient agree with float64', async () => {
    const student = [0.3, -0.2, 1.1, 0.5, 0.4, -0.9];
    const teacher = [1, 0.2, -0.5, -1, 0.7, 0.1];
    const targets = [0, 1]; // two tokens over a vocabulary of three
    const logSoftmax = (z: number[]) => {
      const logSum = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0));
      return z.map((value) => value - logSum);
    };
    const inFloat64 = (z: number[]) =>
      targets.reduce((sum, target, row) => {
        const q = logSoftmax(z.slice(3 * row, 3 * row + 3));
        const p = logSoftmax(teacher.slice(3 * row, 3 * row + 3));
        const divergence64 = p.reduce((total, logP, v) => total + Math.exp(logP) * (logP - (q[v] as number)), 0);
        return sum + 0.5 * (-(q[target] as number) + 0.7 * divergence64);
      }, 0);
    const { value, gradient } = await valueAndGradient(
      (x) => {
        const studentLogits = x as tf.Tensor2D;
        const oneHot = tf.oneHot(tf.tensor1d(targets, 'int32'), 3);
        return coldStartLoss({
          logProbs: tf.sum(tf.mul(tf.logSoftmax(studentLogits), oneHot), 1),
          kl: divergence({ name: 'fkl', studentLogits, teacherLogits: tf.tensor2d(teacher, [2, 3]) }),
          weights: tf.tensor1d([0.5, 0.5]),
          klWeight: 0.7,
        }).loss;
      },
      tf.tensor2d(student, [2, 3]),
    );
    expectClose([value], [inFloat64(student)], 1e-6);
    expectClose(gradient, centralDifferences(inFloat64, student), 1e-6);
  });
});
