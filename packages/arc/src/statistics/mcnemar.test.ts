import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { mcnemar } from './mcnemar.js';

function discordant(baselineOnly: number, candidateOnly: number) {
  const baseline = [
    true,
    false,
    ...Array.from({ length: baselineOnly + candidateOnly }, (_, index) => index < baselineOnly),
  ];
  const candidate = [
    true,
    false,
    ...Array.from({ length: baselineOnly + candidateOnly }, (_, index) => index >= baselineOnly),
  ];
  return mcnemar({ baseline, candidate });
}

test('is the exact binomial test of the disagreements', () => {
  // n = 6, min = 1: 2 · (1 + 6) / 64
  expect(discordant(1, 5)).toMatchObject({ baselineOnly: 1, candidateOnly: 5 });
  expect(discordant(1, 5).pValue).toBeCloseTo(0.21875, 12);
  // n = 5, min = 0: 2 / 32
  expect(discordant(0, 5).pValue).toBeCloseTo(0.0625, 12);
  expect(discordant(3, 3).pValue).toBe(1);
  expect(discordant(0, 0).pValue).toBe(1);
});

property.prop([fc.nat(60), fc.nat(60)])('equals the sum in whole numbers and is symmetric', (b, c) => {
  const trials = b + c;
  let term = 1n;
  let sum = 1n;
  for (let k = 1; k <= Math.min(b, c); k++) {
    term = (term * BigInt(trials - k + 1)) / BigInt(k);
    sum += term;
  }
  const exact = Math.min(1, (2 * Number(sum)) / 2 ** trials);
  expect(Math.abs(discordant(b, c).pValue - exact)).toBeLessThan(1e-11 * exact);
  expect(discordant(c, b).pValue).toBe(discordant(b, c).pValue);
});

test('needs the same tasks', () => {
  expect(() => mcnemar({ baseline: [true], candidate: [] })).toThrow(RangeError);
});
