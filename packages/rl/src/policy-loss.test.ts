import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { centralDifferences, expectClose, gridOf, numberOf, valueAndGradient } from './__fixtures__/numerics.js';
import { type PolicyLossOptions, policyLoss } from './policy-loss.js';
import { type Aggregation, tokenWeights } from './token-weights.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Token {
  logProb: number;
  oldLogProb: number;
  advantage: number;
  weight: number;
}
type Settings = Pick<PolicyLossOptions, 'clipRatio' | 'clipRatioLow' | 'clipRatioHigh' | 'dualClip'>;

const clip = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** The loss in float64, token by token. */
function reference(
  tokens: readonly Token[],
  settings: Settings,
  logProbs = tokens.map((token) => token.logProb),
): number {
  const { clipRatio = 0.2, clipRatioLow = clipRatio, clipRatioHigh = clipRatio, dualClip } = settings;
  return tokens.reduce((sum, { oldLogProb, advantage, weight }, index) => {
    if (weight === 0) return sum;
    const ratio = Math.exp(clip((logProbs[index] as number) - oldLogProb, -20, 20));
    const loss = Math.max(-advantage * ratio, -advantage * clip(ratio, 1 - clipRatioLow, 1 + clipRatioHigh));
    return sum + weight * (dualClip !== undefined && advantage < 0 ? Math.min(loss, -advantage * dualClip) : loss);
  }, 0);
}

function tensorsOf(tokens: readonly Token[]) {
  return {
    oldLogProbs: tf.tensor1d(tokens.map((token) => token.oldLogProb)),
    advantages: tf.tensor1d(tokens.map((token) => token.advantage)),
    weights: tf.tensor1d(tokens.map((token) => token.weight)),
  };
}

const run = (tokens: readonly Token[], settings: Settings = {}) =>
  valueAndGradient(
    (logProbs) => policyLoss({ ...tensorsOf(tokens), ...settings, logProbs }).loss,
    tf.tensor1d(tokens.map((token) => token.logProb)),
  );

// In float32, so that the reference and the tensors start from the same numbers.
const token = (ratio: number, advantage: number, weight = 1): Token => ({
  logProb: Math.fround(Math.log(ratio) - 1),
  oldLogProb: -1,
  advantage: Math.fround(advantage),
  weight,
});

describe('policyLoss by hand', () => {
  test('ratio 1: the loss is −A and the gradient −A', async () => {
    const { value, gradient } = await run([token(1, 2), token(1, -3)]);
    expectClose([value], [1], 1e-6);
    expectClose(gradient, [-2, 3], 1e-6);
  });

  test('clipped where it would gain from moving on, not where it would lose', async () => {
    const tokens = [token(1.5, 1), token(0.5, -1), token(0.5, 1), token(1.5, -1)];
    const { value, gradient } = await run(tokens);
    // −1.2 and 0.8 are clipped; −0.5 and 1.5 are not and have gradient −A·ratio.
    expectClose([value], [-1.2 + 0.8 - 0.5 + 1.5], 1e-6);
    expectClose(gradient, [0, 0, -0.5, 1.5], 1e-6);
  });

  test('clip-higher leaves the lower limit', async () => {
    const { value, gradient } = await run([token(1.25, 1), token(0.5, -1)], { clipRatioHigh: 0.28 });
    expectClose([value], [-1.25 + 0.8], 1e-6);
    expectClose(gradient, [-1.25, 0], 1e-6);
  });

  test('the lower limit leaves the upper', async () => {
    const { value, gradient } = await run([token(1.25, 1), token(0.5, -1)], { clipRatioLow: 0.4 });
    expectClose([value], [-1.2 + 0.6], 1e-6);
    expectClose(gradient, [0, 0], 1e-6);
  });

  test('importance weights scale the token losses, not the metrics', async () => {
    const tokens = [token(1, 2, 0.5), token(1.5, 1, 0.5), token(1, 1, 0)];
    const logProbs = tf.tensor1d(tokens.map(({ logProb }) => logProb));
    const importanceWeights = tf.tensor1d([0.5, 2, Number.NaN]);
    const { value, gradient } = await valueAndGradient(
      (x) => policyLoss({ ...tensorsOf(tokens), importanceWeights, logProbs: x }).loss,
      logProbs,
    );
    expectClose([value], [-0.5 * 0.5 * 2 - 0.5 * 2 * 1.2], 1e-6);
    expectClose(gradient, [-0.5, 0, 0], 1e-6);
    const plain = policyLoss({ ...tensorsOf(tokens), logProbs }).metrics;
    const weighted = policyLoss({ ...tensorsOf(tokens), importanceWeights, logProbs }).metrics;
    expect(await numberOf(weighted.clipFraction)).toBe(await numberOf(plain.clipFraction));
    expect(await numberOf(weighted.approxKl)).toBe(await numberOf(plain.approxKl));
  });

  test('dual clip bounds the loss of negative advantages alone', async () => {
    const tokens = [token(5, -1), token(5, 1), token(2, -1)];
    const { value, gradient } = await run(tokens, { dualClip: 3 });
    expectClose([value], [3 - 1.2 + 2], 1e-5);
    expectClose(gradient, [0, 0, 2], 1e-5);
    const { metrics } = policyLoss({
      ...tensorsOf(tokens),
      logProbs: tf.tensor1d(tokens.map(({ logProb }) => logProb)),
      dualClip: 3,
    });
    expect(await numberOf(metrics.dualClipFraction)).toBe(1);
    expect(() => policyLoss({ ...tensorsOf([]), logProbs: tf.tensor1d([]), dualClip: 1 })).toThrow(RangeError);
  });

  test('metrics: share of clipped tokens, k3 of old against new', async () => {
    const tokens = [token(1.5, 1, 0.25), token(0.5, -1, 0.25), token(1.5, -1, 0.25), token(1, 1, 0.25), token(9, 1, 0)];
    const { metrics } = policyLoss({
      ...tensorsOf(tokens),
      logProbs: tf.tensor1d(tokens.map(({ logProb }) => logProb)),
    });
    expect(await numberOf(metrics.clipFraction)).toBe(0.5);
    const k3 = (ratio: number) => ratio - 1 - Math.log(ratio);
    expectClose([await numberOf(metrics.approxKl)], [(2 * k3(1.5) + k3(0.5)) / 4], 1e-6);
    expect(await numberOf(metrics.dualClipFraction)).toBe(0);
  });

  test('ratios beyond float32 give no NaN', async () => {
    const extreme = (difference: number, advantage: number) => ({
      logProb: difference - 200,
      oldLogProb: -200,
      advantage,
      weight: 1,
    });
    const { value, gradient } = await run([extreme(100, 1), extreme(-100, 1), extreme(-150, -1)]);
    expectClose([value], [-1.2 - Math.exp(-20) + 0.8], 1e-6);
    expectClose(gradient, [0, 0, 0], 1e-6);
  });

  test('NaN under weight 0 reaches neither value, gradient nor metrics', async () => {
    const poison = { logProb: Number.NaN, oldLogProb: Number.NaN, advantage: Number.NaN, weight: 0 };
    const real = [token(1.1, 1, 0.5), token(0.7, -2, 0.5)];
    const clean = await run(real);
    const poisoned = await run([poison, ...real, poison]);
    expect(poisoned.value).toBe(clean.value);
    expect(poisoned.gradient).toEqual([0, ...clean.gradient, 0]);
    const only = await run([poison]);
    expect(only).toEqual({ value: 0, gradient: [0] });
    const { metrics } = policyLoss({ ...tensorsOf([poison]), logProbs: tf.tensor1d([Number.NaN]) });
    for (const metric of Object.values(metrics)) expect(await numberOf(metric)).toBe(0);
  });

  test('no tensor is left behind', async () => {
    const tokens = [token(1.1, 1), token(0.7, -2)];
    const before = tf.memory().numTensors;
    const { value, grad } = tf.tidy(() =>
      tf.valueAndGrad((logProbs) => policyLoss({ ...tensorsOf(tokens), logProbs, dualClip: 3 }).loss)(
        tf.tensor1d(tokens.map(({ logProb }) => logProb)),
      ),
    );
    tf.dispose([value, grad]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

// Ratios away from the kinks at 0.8, 1.2, 1.28 and 3, where central differences would straddle two slopes.
const ratio = fc.oneof(
  fc.double({ min: 0.3, max: 0.75, noNaN: true }),
  fc.double({ min: 0.85, max: 1.15, noNaN: true }),
  fc.double({ min: 1.35, max: 2.8, noNaN: true }),
  fc.double({ min: 3.2, max: 5, noNaN: true }),
);
const anyToken = fc
  .record({
    ratio,
    advantage: fc.double({ min: -3, max: 3, noNaN: true }).filter((value) => Math.abs(value) > 1e-3),
    weight: fc.constantFrom(0, 0.25, 1),
  })
  .map((some) => token(some.ratio, some.advantage, some.weight));
const settings = fc.constantFrom<Settings>(
  {},
  { clipRatio: 0.2, clipRatioHigh: 0.28 },
  { dualClip: 3 },
  { clipRatioLow: 0.22, clipRatioHigh: 0.28, dualClip: 3 },
);

property.prop([fc.array(anyToken, { minLength: 1, maxLength: 6 }), settings])(
  'value and gradient agree with float64',
  async (tokens, chosen) => {
    const { value, gradient } = await run(tokens, chosen);
    expectClose([value], [reference(tokens, chosen)], 1e-6);
    const logProbs = tokens.map(({ logProb }) => logProb);
    expectClose(
      gradient,
      centralDifferences((x) => reference(tokens, chosen, x), logProbs),
      1e-6,
    );
  },
);

property.prop(
  [
    fc.array(fc.array(anyToken, { minLength: 4, maxLength: 4 }), { minLength: 8, maxLength: 8 }),
    fc.constantFrom<Aggregation>('token-mean', 'seq-mean-token-sum', 'seq-mean-token-mean', 'seq-mean-token-sum-norm'),
  ],
  { numRuns: 20 },
)('one micro-batch of 8 equals 8 of 1', async (rows, aggregation) => {
  const mask = gridOf(rows.map((row) => row.map(({ weight }) => (weight === 0 ? 0 : 1))));
  const { data } = tokenWeights({ mask, aggregation, maxTokens: 4 });
  const weighted = rows.map((row, index) => row.map((some, t) => ({ ...some, weight: data[index * 4 + t] as number })));
  const whole = await run(weighted.flat());
  const parts = await Promise.all(weighted.map((row) => run(row)));
  expect(parts.flatMap((part) => part.gradient)).toEqual(whole.gradient);
  expectClose([parts.reduce((sum, part) => sum + part.value, 0)], [whole.value], 1e-6);
});
