import { expect, test } from 'vitest';
import { agreement } from './agreement.mjs';

const pairs = (both, firstOnly, secondOnly, neither) => [
  ...Array(both).fill([true, true]),
  ...Array(firstOnly).fill([true, false]),
  ...Array(secondOnly).fill([false, true]),
  ...Array(neither).fill([false, false]),
];

test('by hand', () => {
  // 35 of 50 agree: 0.7. Yes from the first 25/50, from the second 30/50: by chance 0.5 · 0.6 + 0.5 · 0.4 = 0.5. (0.7 - 0.5) / 0.5 = 0.4.
  const { accuracy, kappa, firstOnly, secondOnly } = agreement(pairs(20, 5, 10, 15));
  expect(accuracy).toBe(0.7);
  expect(kappa).toBeCloseTo(0.4, 12);
  expect([firstOnly, secondOnly]).toEqual([5, 10]);
});

test('its ends', () => {
  expect(agreement(pairs(3, 0, 0, 3))).toMatchObject({ accuracy: 1, kappa: 1 });
  expect(agreement(pairs(0, 3, 3, 0))).toMatchObject({ accuracy: 0, kappa: -1 });
  expect(agreement(pairs(4, 0, 0, 0))).toMatchObject({ accuracy: 1, kappa: 1 });
});
