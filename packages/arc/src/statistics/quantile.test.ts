import { expect, test } from 'vitest';
import { quantile } from './quantile.js';

test('interpolates between order statistics', () => {
  // position 0.25 · 3 = 0.75, so 1 + 0.75 · (2 - 1)
  expect(quantile([1, 2, 3, 4], 0.25)).toBeCloseTo(1.75, 12);
  expect(quantile([1, 2, 3, 4], 0.5)).toBeCloseTo(2.5, 12);
  expect(quantile([1, 2, 3, 4], 0)).toBe(1);
  expect(quantile([1, 2, 3, 4], 1)).toBe(4);
  expect(quantile([7], 0.3)).toBe(7);
});

test('refuses what has no answer', () => {
  expect(() => quantile([], 0.5)).toThrow(RangeError);
  expect(() => quantile([1], 1.5)).toThrow(RangeError);
});
