import { expect, it } from 'vitest';
import { seedInterval } from './seed-interval.js';

it('is Student’s interval', () => {
  // Standard deviation 1, so the half width is t(0.975, 2) / √3.
  const { mean, low, high } = seedInterval([1, 2, 3]);
  expect(mean).toBe(2);
  expect(high - 2).toBeCloseTo(4.303 / Math.sqrt(3), 10);
  expect(2 - low).toBeCloseTo(high - 2, 12);
});

it.each([
  // From tables of Student's t.
  [11, 2.228],
  [21, 2.086],
  [31, 2.042],
  [121, 1.98],
])('of %d runs too', (count, quantile) => {
  const values = Array.from({ length: count }, (_, index) => index);
  const variance = (count * (count + 1)) / 12;
  const { mean, high } = seedInterval(values);
  expect((high - mean) / Math.sqrt(variance / count)).toBeCloseTo(quantile, 3);
});

it('says nothing from one run', () => {
  expect(seedInterval([0.5])).toEqual({
    mean: 0.5,
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
    values: [0.5],
  });
});
