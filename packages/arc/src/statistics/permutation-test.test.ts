import { expect, test } from 'vitest';
import { permutationTest } from './permutation-test.js';

const zeros = (count: number) => Array.from({ length: count }, () => 0);

test('enumerates small cases', () => {
  // 1+1+1: only the patterns +++ and --- are as far from 0: 2/8.
  expect(permutationTest({ baseline: zeros(3), candidate: [1, 1, 1] })).toEqual({
    meanDifference: 1,
    pValue: 0.25,
    exact: true,
    count: 3,
  });
  // ±1 ±2 ±3 gives 6, 0, -4, 2, 4, -2, 0, -6; the observed 1 - 2 + 3 = 2 is reached by six of eight.
  expect(permutationTest({ baseline: zeros(3), candidate: [1, -2, 3] }).pValue).toBe(0.75);
});

test('ties do not hang on rounding', () => {
  // 0.1 + 0.2 - 0.3 is not 0 in binary, but every pattern is at least as far as an observed 0.
  expect(permutationTest({ baseline: zeros(3), candidate: [0.1, 0.2, -0.3] }).pValue).toBe(1);
});

test('pairs that do not differ change nothing', () => {
  const few = permutationTest({ baseline: zeros(3), candidate: [1, 1, 1] });
  const many = permutationTest({ baseline: zeros(40), candidate: [1, 1, 1, ...zeros(37)] });
  expect(many.pValue).toBe(few.pValue);
  expect(many.exact).toBe(true);
  expect(permutationTest({ baseline: [1], candidate: [1] }).pValue).toBe(1);
  expect(permutationTest({ baseline: [], candidate: [] })).toMatchObject({ pValue: 1, count: 0 });
});

test('with many pairs it comes close to the sign test and is never 0', () => {
  // 12 of 17 up: 2 · (C(17,0) + … + C(17,5)) / 2^17 = 2 · 9402 / 131072 = 0.1435
  const candidate = [...Array.from({ length: 12 }, () => 1), ...Array.from({ length: 5 }, () => -1)];
  const { pValue, exact } = permutationTest({ baseline: zeros(17), candidate });
  expect(exact).toBe(false);
  expect(Math.abs(pValue - 0.1435)).toBeLessThan(0.015);
  const sure = permutationTest({ baseline: zeros(40), candidate: zeros(40).map(() => 1), permutations: 99 });
  expect(sure.pValue).toBe(0.01);
});

test('refuses options that make no sense', () => {
  expect(() => permutationTest({ baseline: [0], candidate: [] })).toThrow(RangeError);
  expect(() => permutationTest({ baseline: [0], candidate: [1], permutations: 0.5 })).toThrow('permutations');
});
