import { expect, test } from 'vitest';
import { bootstrapInterval } from './bootstrap-interval.js';
import { macroAverage } from './macro-average.js';

const rate = (right: number, count: number) => Array.from({ length: count }, (_, index) => Number(index < right));

test('every set weighs the same, however many questions it has', () => {
  const { mean, low, high, count } = macroAverage({ sets: [rate(1, 1), rate(0, 99), []] });
  expect({ mean, count }).toEqual({ mean: 0.5, count: 2 });
  // Nothing varies within either set.
  expect([low, high]).toEqual([0.5, 0.5]);
});

test('of one set it has the interval of that set, and of four alike about half of it', () => {
  const values = rate(120, 400);
  const one = macroAverage({ sets: [values], bootstrapSamples: 4000 });
  const known = bootstrapInterval({ values, bootstrapSamples: 4000 });
  // Standard error sqrt(0.3 * 0.7 / 400) = 0.0229
  expect(one.mean).toBeCloseTo(0.3, 12);
  expect(one.low).toBeCloseTo(known.low, 2);
  expect(one.high).toBeCloseTo(known.high, 2);
  const four = macroAverage({ sets: [values, values, values, values], bootstrapSamples: 4000 });
  expect((four.high - four.low) / (one.high - one.low)).toBeGreaterThan(0.45);
  expect((four.high - four.low) / (one.high - one.low)).toBeLessThan(0.55);
});

test('nothing measured is no number, and options out of range are refused', () => {
  expect(macroAverage({ sets: [[], []] })).toEqual({ mean: Number.NaN, low: Number.NaN, high: Number.NaN, count: 0 });
  expect(() => macroAverage({ sets: [], bootstrapSamples: 0 })).toThrow(RangeError);
});
