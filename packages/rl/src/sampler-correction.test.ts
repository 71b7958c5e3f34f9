import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { expectClose, gridOf } from './__fixtures__/numerics.js';
import { type SamplerCorrectionOptions, samplerCorrection } from './sampler-correction.js';

const nan = Number.NaN;
// log ρ of the policy tokens: [0.5, −0.25], [1, 1], none.
const samplerLogProbs = gridOf([
  [-1, nan, -0.5],
  [-2, -1.5, nan],
  [nan, nan, nan],
]);
const trainerLogProbs = gridOf([
  [-0.5, nan, -0.75],
  [-1, -0.5, nan],
  [nan, nan, nan],
]);
const mask = gridOf([
  [1, 0, 1],
  [1, 1, 0],
  [0, 0, 0],
]);
const input = { samplerLogProbs, trainerLogProbs, mask };
const exp = Math.exp;

describe('samplerCorrection by hand', () => {
  test('token level: each ratio, capped at 2', () => {
    const { weights, mask: kept, metrics } = samplerCorrection(input);
    expectClose(weights.data, [exp(0.5), 0, exp(-0.25), 2, 2, 0, 0, 0, 0], 1e-7);
    expect(kept).toEqual(mask);
    const w = [exp(0.5), exp(-0.25), 2, 2];
    const total = exp(0.5) + exp(-0.25) + 4;
    const squares = exp(1) + exp(-0.5) + 8;
    const k3 = (x: number) => exp(x) - 1 - x;
    expectClose(
      Object.values(metrics),
      [
        -2.25 / 4,
        (k3(0.5) + k3(-0.25) + 2 * k3(1)) / 4,
        ((w[0] as number) + (w[1] as number) + 2 * exp(1)) / 4,
        exp(1),
        0.5,
        total ** 2 / (4 * squares),
        0,
      ],
      1e-10,
    );
    expect(Object.keys(metrics)).toEqual([
      'klK1',
      'klK3',
      'ratioMean',
      'ratioMax',
      'cappedFraction',
      'effectiveSampleSize',
      'rejectedFraction',
    ]);
  });

  test('sequence level: the product, at every token, counted once per episode', () => {
    const { weights, metrics } = samplerCorrection({ ...input, level: 'sequence', cap: 3 });
    expectClose(weights.data, [exp(0.25), 0, exp(0.25), 3, 3, 0, 0, 0, 0], 1e-7);
    expectClose(
      [metrics.ratioMean, metrics.ratioMax, metrics.cappedFraction, metrics.effectiveSampleSize],
      [(exp(0.25) + exp(2)) / 2, exp(2), 0.5, (exp(0.25) + 3) ** 2 / (2 * (exp(0.5) + 9))],
      1e-10,
    );
  });

  test('the geometric mask rejects whole episodes by their mean ratio', () => {
    // exp(0.125) is within, e is not.
    const { weights, mask: kept, metrics } = samplerCorrection({ ...input, geometricMask: { high: 1.2 } });
    expectClose(weights.data, [exp(0.5), 0, exp(-0.25), 0, 0, 0, 0, 0, 0], 1e-7);
    expect([...kept.data]).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(metrics.rejectedFraction).toBe(0.5);
    expectClose([metrics.effectiveSampleSize], [(exp(0.5) + exp(-0.25)) ** 2 / (4 * (exp(1) + exp(-0.5)))], 1e-10);
    const narrow = samplerCorrection({ ...input, geometricMask: { low: 1.2, high: 3 } });
    expect([...narrow.mask.data]).toEqual([0, 0, 0, 1, 1, 0, 0, 0, 0]);
    const below = samplerCorrection({
      samplerLogProbs: gridOf([[-1]]),
      trainerLogProbs: gridOf([[-2]]),
      mask: gridOf([[1]]),
      geometricMask: { high: 2 },
    });
    expect(below.metrics.rejectedFraction).toBe(1);
    expect(below.metrics.effectiveSampleSize).toBe(0);
  });

  test('the same log-probs: weights 1, KL 0, every sample counts', () => {
    for (const level of ['token', 'sequence'] as const) {
      const { weights, metrics } = samplerCorrection({ ...input, trainerLogProbs: samplerLogProbs, level });
      expect(weights.data).toEqual(mask.data);
      expect(metrics).toEqual({
        klK1: 0,
        klK3: 0,
        ratioMean: 1,
        ratioMax: 1,
        cappedFraction: 0,
        effectiveSampleSize: 1,
        rejectedFraction: 0,
      });
    }
  });

  test('an empty mask gives zeros', () => {
    const empty = gridOf([[0, 0]]);
    const poison = gridOf([[nan, nan]]);
    const { weights, metrics } = samplerCorrection({ samplerLogProbs: poison, trainerLogProbs: poison, mask: empty });
    expect([...weights.data]).toEqual([0, 0]);
    expect(Object.values(metrics)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  test('log-probs of −∞ overflow nothing', () => {
    const { weights, metrics } = samplerCorrection({
      samplerLogProbs: gridOf([[-200, -1]]),
      trainerLogProbs: gridOf([[-1, Number.NEGATIVE_INFINITY]]),
      mask: gridOf([[1, 1]]),
    });
    expectClose(weights.data, [2, exp(-20)], 1e-7);
    expectClose([metrics.ratioMax], [exp(20)], 1e-10);
  });

  test('what cannot be meant is refused', () => {
    const refuse = (options: Partial<SamplerCorrectionOptions>) =>
      expect(() => samplerCorrection({ ...input, ...options })).toThrow(RangeError);
    refuse({ cap: 0 });
    refuse({ cap: nan });
    refuse({ geometricMask: { low: 2, high: 1 } });
    refuse({ geometricMask: { low: -1, high: 1 } });
    refuse({ mask: gridOf([[1, 1]]) });
  });
});

const logProb = fc.double({ min: -4, max: 0, noNaN: true });
const episode = fc.array(fc.record({ sampler: logProb, trainer: logProb, isReal: fc.boolean() }), {
  minLength: 3,
  maxLength: 3,
});
const gridsOf = (rows: readonly (readonly { sampler: number; trainer: number; isReal: boolean }[])[], padding = 0) => {
  const pad = (values: number[], value: number) => [...values, ...Array.from({ length: padding }, () => value)];
  const hide = (isReal: boolean, value: number) => (isReal ? value : nan);
  return {
    samplerLogProbs: gridOf(
      rows.map((row) =>
        pad(
          row.map((t) => hide(t.isReal, t.sampler)),
          nan,
        ),
      ),
    ),
    trainerLogProbs: gridOf(
      rows.map((row) =>
        pad(
          row.map((t) => hide(t.isReal, t.trainer)),
          nan,
        ),
      ),
    ),
    mask: gridOf(
      rows.map((row) =>
        pad(
          row.map((t) => (t.isReal ? 1 : 0)),
          0,
        ),
      ),
    ),
  };
};

property.prop([
  fc.array(episode, { minLength: 1, maxLength: 6 }),
  fc.constantFrom('token' as const, 'sequence' as const),
])(
  'neither the order of rows nor padding nor the split matters; the share of effective samples is one',
  (rows, level) => {
    const settings = { level, geometricMask: { high: 1.5 } };
    const whole = samplerCorrection({ ...gridsOf(rows), ...settings });
    const padded = samplerCorrection({ ...gridsOf(rows, 2), ...settings });
    expect(padded.metrics).toEqual(whole.metrics);
    const turned = samplerCorrection({ ...gridsOf([...rows].reverse()), ...settings });
    expectClose(Object.values(turned.metrics), Object.values(whole.metrics), 1e-10);
    const single = rows.flatMap((row) => [...samplerCorrection({ ...gridsOf([row]), ...settings }).weights.data]);
    expect([...whole.weights.data]).toEqual(single);
    const { effectiveSampleSize, klK3 } = whole.metrics;
    expect(effectiveSampleSize).toBeLessThanOrEqual(1 + 1e-12);
    expect(klK3).toBeGreaterThanOrEqual(0);
    for (const weight of whole.weights.data) expect(weight).toBeLessThanOrEqual(2);
  },
);
