import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { centralDifferences, expectClose, gridOf, numberOf, valueAndGradient } from './__fixtures__/numerics.js';
import { anyPolicyToken, listsOf, type PolicyToken, poison } from './__fixtures__/tokens.js';
import { type CispoLossOptions, cispoLoss } from './cispo-loss.js';
import { type Aggregation, tokenWeights } from './token-weights.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Settings = Pick<CispoLossOptions, 'clipRatio' | 'clipRatioLow' | 'clipRatioHigh'>;

const factorOf = ({ logProb, oldLogProb, advantage }: PolicyToken, settings: Settings) => {
  const { clipRatio = 0.2, clipRatioLow = clipRatio, clipRatioHigh = clipRatio } = settings;
  return -advantage * Math.min(1 + clipRatioHigh, Math.max(1 - clipRatioLow, Math.exp(logProb - oldLogProb)));
};

/** In float64; the factors stay where the gradient is taken. */
const reference = (tokens: readonly PolicyToken[], settings: Settings, logProbs: readonly number[]) =>
  tokens.reduce(
    (sum, some, index) =>
      some.weight === 0 ? sum : sum + some.weight * factorOf(some, settings) * (logProbs[index] as number),
    0,
  );

const run = (tokens: readonly PolicyToken[], settings: Settings = {}) => {
  const tensors = listsOf(tokens);
  return valueAndGradient((logProbs) => cispoLoss({ ...tensors, ...settings, logProbs }).loss, tensors.logProbs);
};

const token = (ratio: number, advantage: number, weight = 1): PolicyToken => ({
  logProb: Math.log(ratio) - 1,
  oldLogProb: -1,
  advantage,
  weight,
});

describe('cispoLoss by hand', () => {
  test('ratio 1 is REINFORCE', async () => {
    const { value, gradient } = await run([token(1, 2, 0.5), token(1, -3, 0.5)]);
    expectClose([value], [-0.5], 1e-10);
    expectClose(gradient, [-1, 1.5], 1e-10);
  });

  test('a clipped token keeps its gradient, on every side', async () => {
    const { value, gradient } = await run([token(1.5, 1), token(0.5, -1), token(0.5, 1), token(1.5, -1)]);
    expectClose(gradient, [-1.2, 0.8, -0.8, 1.2], 1e-6);
    const [up, down] = [Math.log(1.5) - 1, Math.log(0.5) - 1];
    expectClose([value], [-1.2 * up + 0.8 * down - 0.8 * down + 1.2 * up], 1e-6);
  });

  test('no lower limit with clipRatioLow 1; an upper one of its own', async () => {
    const { gradient } = await run([token(0.25, 1), token(4, 1), token(9, 1)], { clipRatioLow: 1, clipRatioHigh: 4 });
    expectClose(gradient, [-0.25, -4, -5], 1e-6);
  });

  test('metrics', async () => {
    const tokens = [token(1.5, 1, 0.25), token(0.5, 1, 0.25), token(1.1, -1, 0.5), poison];
    const { metrics } = cispoLoss(listsOf(tokens));
    expect(await numberOf(metrics.clipFraction)).toBe(0.5);
    const k3 = (ratio: number) => ratio - 1 - Math.log(ratio);
    expectClose([await numberOf(metrics.approxKl)], [(k3(1.5) + k3(0.5) + 2 * k3(1.1)) / 4], 1e-6);
  });

  test('NaN under weight 0 reaches neither value, gradient nor metrics', async () => {
    const real = [token(1.1, 1, 0.5), token(0.7, -2, 0.5)];
    const clean = await run(real);
    const poisoned = await run([poison, ...real, poison]);
    expect(poisoned.value).toBe(clean.value);
    expect(poisoned.gradient).toEqual([0, ...clean.gradient, 0]);
    const only = await run([poison]);
    expect(Math.abs(only.value)).toBe(0);
    expect(only.gradient.map(Math.abs)).toEqual([0]);
    for (const metric of Object.values(cispoLoss(listsOf([poison])).metrics)) expect(await numberOf(metric)).toBe(0);
  });

  test('importance weights scale the losses; no tensor is left behind', async () => {
    const tensors = listsOf([token(1, 1), poison]);
    const importanceWeights = tf.tensor1d([0.5, Number.NaN]);
    const { gradient } = await valueAndGradient(
      (logProbs) => cispoLoss({ ...tensors, importanceWeights, logProbs }).loss,
      tensors.logProbs,
    );
    expectClose(gradient, [-0.5, 0], 1e-10);
    const before = tf.memory().numTensors;
    const { value, grad } = tf.tidy(() =>
      tf.valueAndGrad((logProbs) => cispoLoss({ ...tensors, logProbs }).loss)(tensors.logProbs),
    );
    tf.dispose([value, grad]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

const settings = fc.constantFrom<Settings>({}, { clipRatioLow: 1, clipRatioHigh: 0.28 }, { clipRatio: 0.1 });

property.prop([fc.array(fc.oneof(anyPolicyToken, fc.constant(poison)), { minLength: 1, maxLength: 8 }), settings])(
  'value and gradient agree with float64',
  async (tokens, chosen) => {
    const { value, gradient } = await run(tokens, chosen);
    const logProbs = tokens.map(({ logProb }) => logProb);
    expectClose([value], [reference(tokens, chosen, logProbs)], 1e-6);
    const expected = centralDifferences((x) => reference(tokens, chosen, x), logProbs);
    expectClose(gradient, expected, 1e-6);
  },
);

property.prop(
  [
    fc.array(fc.array(anyPolicyToken, { minLength: 4, maxLength: 4 }), { minLength: 8, maxLength: 8 }),
    fc.constantFrom<Aggregation>('token-mean', 'seq-mean-token-sum', 'seq-mean-token-mean', 'seq-mean-token-sum-norm'),
  ],
  { numRuns: 20 },
)('one micro-batch of 8 equals 8 of 1', async (rows, aggregation) => {
  const mask = gridOf(rows.map((row) => row.map(({ advantage }) => (advantage > 1.5 ? 0 : 1))));
  const { data } = tokenWeights({ mask, aggregation, maxTokens: 4 });
  const tokens = rows.map((row, index) => row.map((some, t) => ({ ...some, weight: data[index * 4 + t] as number })));
  const whole = await run(tokens.flat());
  const parts = await Promise.all(tokens.map((row) => run(row)));
  expect(parts.flatMap((part) => part.gradient)).toEqual(whole.gradient);
  expectClose([parts.reduce((sum, part) => sum + part.value, 0)], [whole.value], 1e-6);
});
