import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { centralDifferences, expectClose, numberOf, valueAndGradient } from './__fixtures__/numerics.js';
import { valueLoss } from './value-loss.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Token {
  value: number;
  oldValue: number;
  goal: number;
  weight: number;
}

/** The loss in float64, token by token. */
function reference(tokens: readonly Token[], clipRange: number, values = tokens.map((token) => token.value)): number {
  return tokens.reduce((sum, { oldValue, goal, weight }, index) => {
    if (weight === 0) return sum;
    const value = values[index] as number;
    const moved = oldValue + Math.min(clipRange, Math.max(-clipRange, value - oldValue));
    return sum + 0.5 * weight * Math.max((value - goal) ** 2, (moved - goal) ** 2);
  }, 0);
}

const tensorsOf = (tokens: readonly Token[]) => ({
  oldValues: tf.tensor1d(tokens.map((token) => token.oldValue)),
  returns: tf.tensor1d(tokens.map((token) => token.goal)),
  weights: tf.tensor1d(tokens.map((token) => token.weight)),
});

const run = (tokens: readonly Token[], clipRange?: number) =>
  valueAndGradient(
    (values) => valueLoss({ ...tensorsOf(tokens), ...(clipRange === undefined ? {} : { clipRange }), values }).loss,
    tf.tensor1d(tokens.map((token) => token.value)),
  );

describe('valueLoss by hand', () => {
  test('within the range it is half the squared error', async () => {
    const { value, gradient } = await run([{ value: 0.25, oldValue: 0, goal: 1, weight: 1 }]);
    expectClose([value], [0.28125], 1e-7);
    expectClose(gradient, [-0.75], 1e-7);
  });

  test('beyond the range the larger error counts', async () => {
    const tokens = [
      { value: 1, oldValue: 0, goal: 1, weight: 0.5 }, // clip(v) = 0.5: ½·(0.5 − 1)² although v is right; no gradient
      { value: 1, oldValue: 0, goal: -1, weight: 0.5 }, // (1 + 1)² above (0.5 + 1)²
    ];
    const { value, gradient } = await run(tokens);
    expectClose([value], [0.5 * 0.125 + 0.5 * 2], 1e-7);
    expectClose(gradient, [0, 1], 1e-7);
    const { metrics } = valueLoss({ ...tensorsOf(tokens), values: tf.tensor1d([1, 1]) });
    expect(await numberOf(metrics.clipFraction)).toBe(0.5);
  });

  test('rounding within the range does not count as clipped', async () => {
    const tokens = Array.from({ length: 50 }, (_, index) => ({
      value: 0.1 + 0.007 * index,
      oldValue: 0.3,
      goal: 5 - index / 5,
      weight: 1,
    }));
    const { metrics } = valueLoss({ ...tensorsOf(tokens), values: tf.tensor1d(tokens.map(({ value }) => value)) });
    expect(await numberOf(metrics.clipFraction)).toBe(0);
  });

  test('NaN under weight 0 reaches neither value, gradient nor metrics', async () => {
    const poison = { value: Number.NaN, oldValue: Number.NaN, goal: Number.NaN, weight: 0 };
    const real = { value: 0.3, oldValue: 0.2, goal: 1, weight: 1 };
    const clean = await run([real]);
    const poisoned = await run([poison, real]);
    expect(poisoned.value).toBe(clean.value);
    expect(poisoned.gradient).toEqual([0, ...clean.gradient]);
    expect(await run([poison])).toEqual({ value: 0, gradient: [0] });
    const { metrics } = valueLoss({ ...tensorsOf([poison]), values: tf.tensor1d([Number.NaN]) });
    expect(await numberOf(metrics.clipFraction)).toBe(0);
  });
});

const number = fc.double({ min: -3, max: 3, noNaN: true });
// Away from the kink at |v − v_old| = range and from the point where both errors are equal beyond it.
const anyToken = fc
  .record({ value: number, oldValue: number, goal: number, weight: fc.constantFrom(0, 0.25, 1) })
  .filter(({ value, oldValue, goal }) => {
    const moved = oldValue + Math.min(0.5, Math.max(-0.5, value - oldValue));
    const isInside = Math.abs(value - oldValue) < 0.49;
    return (
      isInside || (Math.abs(value - oldValue) > 0.51 && Math.abs((value - goal) ** 2 - (moved - goal) ** 2) > 1e-2)
    );
  });

property.prop([fc.array(anyToken, { minLength: 1, maxLength: 6 })])(
  'value and gradient agree with float64',
  async (tokens) => {
    const { value, gradient } = await run(tokens);
    expectClose([value], [reference(tokens, 0.5)], 2e-5);
    const values = tokens.map((token) => token.value);
    expectClose(
      gradient,
      centralDifferences((x) => reference(tokens, 0.5, x), values),
      2e-5,
    );
  },
);

property.prop([fc.array(anyToken, { minLength: 8, maxLength: 8 })], { numRuns: 20 })(
  'one micro-batch of 8 equals 8 of 1',
  async (tokens) => {
    const whole = await run(tokens);
    const parts = await Promise.all(tokens.map((token) => run([token])));
    expect(parts.flatMap((part) => part.gradient)).toEqual(whole.gradient);
    expectClose([parts.reduce((sum, part) => sum + part.value, 0)], [whole.value], 1e-6);
  },
);
