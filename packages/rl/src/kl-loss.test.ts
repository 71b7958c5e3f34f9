import { ConfigError } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectClose, gridOf, numberOf, valueAndGradient } from './__fixtures__/numerics.js';
import { gateWeights } from './gate-weights.js';
import { klFormGradient } from './kl-form.js';
import { klLoss } from './kl-loss.js';
import { tokenKl } from './token-kl.js';
import { tokenWeights } from './token-weights.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const forms = (['k1', 'k2', 'k3', 'abs'] as const).flatMap((estimator) =>
  (['reverse', 'forward'] as const).flatMap((direction) =>
    [false, true].map((importanceWeighted) => {
      const form = { estimator, direction, form: 'loss', importanceWeighted } as const;
      return { ...form, biased: klFormGradient(form) !== direction };
    }),
  ),
);

const logProb = fc.float({ min: -4, max: Math.fround(-0.01), noNaN: true });
const token = fc.record({ x: logProb, p: logProb, old: logProb, weight: fc.constantFrom(0, 0.25, 1) });
const tokens = fc.array(token, { minLength: 8, maxLength: 8 });
type Token = { x: number; p: number; old: number; weight: number };

/** Under weight 0 everything is NaN. */
const tensors = (list: readonly Token[]) => {
  const of = (read: (item: Token) => number) =>
    tf.tensor1d(list.map((item) => (item.weight === 0 ? Number.NaN : read(item))));
  return {
    logProbs: of(({ x }) => x),
    referenceLogProbs: of(({ p }) => p),
    oldLogProbs: of(({ old }) => old),
    weights: tf.tensor1d(list.map(({ weight }) => weight)),
  };
};

property.prop([tokens], { numRuns: 40 })(
  'value and gradient are those of float64, whatever is masked',
  async (list) => {
    const { logProbs, ...rest } = tensors(list);
    for (const { form: _, ...form } of forms) {
      const options = { ...rest, ...form, coefficient: 0.5 };
      const { value, gradient } = await valueAndGradient((x) => klLoss({ ...options, logProbs: x }).loss, logProbs);
      const expected = list.map(({ x, p, old, weight }) => {
        const { value: kl, slope } = tokenKl({ ...form, logProb: x, referenceLogProb: p, oldLogProb: old });
        return weight === 0 ? { kl: 0, slope: 0 } : { kl: 0.5 * weight * kl, slope: 0.5 * weight * slope };
      });
      const size = Math.max(1, ...expected.map(({ kl }) => Math.abs(kl)));
      expectClose([value / size], [expected.reduce((sum, { kl }) => sum + kl, 0) / size], 1e-5);
      // On the border of k3's clamp float32 and float64 may take different sides.
      const isBorder = ({ x, p }: Token) =>
        form.estimator === 'k3' && Math.abs(Math.exp(p - x) - 1 - p + x - 10) < 1e-3;
      if (list.some(isBorder)) continue;
      expectClose(
        gradient.map((slope) => slope / size),
        expected.map(({ slope }) => slope / size),
        1e-5,
      );
    }
  },
);

property.prop([tokens], { numRuns: 20 })('one micro-batch of 8 equals 8 of 1, in any order', async (list) => {
  const gradientOf = async (part: readonly Token[]) => {
    const { logProbs, ...rest } = tensors(part);
    const options = { ...rest, estimator: 'k3', importanceWeighted: true } as const;
    return valueAndGradient((x) => klLoss({ ...options, logProbs: x }).loss, logProbs);
  };
  const whole = await gradientOf(list);
  const parts = await Promise.all([...list].reverse().map((item) => gradientOf([item])));
  const size = Math.max(1, Math.abs(whole.value), ...parts.map(({ value }) => Math.abs(value)));
  expectClose([parts.reduce((sum, { value }) => sum + value, 0) / size], [whole.value / size], 1e-5);
  expectClose(
    parts.reverse().flatMap(({ gradient }) => gradient),
    whole.gradient,
    1e-6,
  );
});

describe('klLoss', () => {
  test('by hand: k2 behind the gate, summed per episode, and without gradient through the metric', async () => {
    const mask = gridOf([
      [1, 1],
      [1, 0],
    ]);
    const weights = gateWeights({
      weights: tokenWeights({ mask, aggregation: 'seq-mean-token-sum' }),
      gate: Float32Array.of(0, 1),
    });
    const options = {
      logProbs: tf.tensor2d([-1, -2, -1, Number.NaN], [2, 2]),
      referenceLogProbs: tf.tensor2d([-9, -9, -3, Number.NaN], [2, 2]),
      weights: tf.tensor2d(weights.data, [2, 2]),
      coefficient: 0.1,
    };
    const { value, gradient } = await valueAndGradient(
      (x) => klLoss({ ...options, logProbs: x }).loss,
      options.logProbs,
    );
    // ½ · 2² · ½ · 0.1 and 2 · ½ · 0.1
    expectClose([value], [0.1], 1e-7);
    expectClose(gradient, [0, 0, 0.1, 0], 1e-7);
    expectClose([await numberOf(klLoss(options).metrics.kl)], [1], 1e-7);
  });

  test('without oldLogProbs the ratio is 1 and has a gradient', async () => {
    const options = { referenceLogProbs: tf.tensor1d([-1.5]), weights: tf.tensor1d([1]) };
    const { value, gradient } = await valueAndGradient(
      (x) => klLoss({ ...options, logProbs: x, estimator: 'k3', importanceWeighted: true }).loss,
      tf.tensor1d([-1]),
    );
    expectClose([value, ...gradient], [Math.exp(-0.5) - 0.5, 0.5], 1e-6);
  });

  test('no weights give 0; a wrong gradient is refused', async () => {
    const one = tf.tensor1d([Number.NaN]);
    const options = { logProbs: one, referenceLogProbs: one, weights: tf.tensor1d([0]) };
    const { value, gradient } = await valueAndGradient((x) => klLoss({ ...options, logProbs: x }).loss, one);
    expect([value, ...gradient]).toEqual([0, 0]);
    expect(() => klLoss({ ...options, estimator: 'k3' })).toThrow(ConfigError);
    expect(() => klLoss({ ...options, estimator: 'k3', biased: true })).not.toThrow();
  });
});
