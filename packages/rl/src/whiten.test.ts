import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { expectClose, gridOf } from './__fixtures__/numerics.js';
import { whiten } from './whiten.js';

test('1, 2, 3 have mean 2 and unbiased variance 1; what is masked may be NaN', () => {
  const values = gridOf([
    [1, Number.NaN, 2],
    [Number.NaN, 3, Number.NaN],
  ]);
  const mask = gridOf([
    [1, 0, 1],
    [0, 1, 0],
  ]);
  expectClose(whiten({ values, mask }).data, [-1, 0, 0, 0, 1, 0], 1e-7);
});

test('one value, equal values and no values give 0', () => {
  const values = gridOf([[5, 5, Number.NaN]]);
  expect([...whiten({ values, mask: gridOf([[1, 1, 0]]) }).data]).toEqual([0, 0, 0]);
  expect([...whiten({ values, mask: gridOf([[1, 0, 0]]) }).data]).toEqual([0, 0, 0]);
  expect([...whiten({ values, mask: gridOf([[0, 0, 0]]) }).data]).toEqual([0, 0, 0]);
});

test('small differences are damped by the 1e-8', () => {
  // Variance 2e-8 (values ±1e-4): 1e-4 / √3e-8 = 0.57735.
  const { data } = whiten({ values: gridOf([[1e-4, -1e-4]]), mask: gridOf([[1, 1]]) });
  expectClose(data, [0.577350269, -0.577350269], 1e-6);
});

test('without the shift the mean stays', () => {
  // Mean 2, variance 4/3 over 1, 1, 3, 3.
  const values = gridOf([[1, 1, Number.NaN, 3, 3]]);
  const mask = gridOf([[1, 1, 0, 1, 1]]);
  const scaled = 1 / Math.sqrt(4 / 3 + 1e-8);
  expectClose(
    whiten({ values, mask, shiftMean: false }).data,
    [2 - scaled, 2 - scaled, 0, 2 + scaled, 2 + scaled],
    1e-7,
  );
});

property.prop([fc.array(fc.tuple(fc.double({ min: -10, max: 10, noNaN: true }), fc.boolean()), { minLength: 1 })])(
  'has mean 0 and unbiased variance v / (v + 1e-8) over the mask',
  (entries) => {
    const mask = entries.map(([, isReal]) => (isReal ? 1 : 0));
    const { data } = whiten({
      values: gridOf([entries.map(([value, isReal]) => (isReal ? value : Number.NaN))]),
      mask: gridOf([mask]),
    });
    const variance = (values: readonly number[]) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    };
    const real = [...data].filter((_, index) => mask[index] === 1);
    expect([...data].every((value, index) => mask[index] === 1 || value === 0)).toBe(true);
    if (real.length < 2) return;
    expect(Math.abs(real.reduce((sum, value) => sum + value, 0) / real.length)).toBeLessThan(1e-5);
    const before = variance(entries.filter(([, isReal]) => isReal).map(([value]) => Math.fround(value)));
    expect(Math.abs(variance(real) - before / (before + 1e-8))).toBeLessThan(1e-4);
  },
);
