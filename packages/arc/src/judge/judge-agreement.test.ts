import { expect, test } from 'vitest';
import { judgeAgreement } from './judge-agreement.js';

const pairs = (both: number, judgeOnly: number, exactMatchOnly: number, neither: number) => [
  ...Array.from({ length: both }, () => ({ judge: true, exactMatch: true })),
  ...Array.from({ length: judgeOnly }, () => ({ judge: true, exactMatch: false })),
  ...Array.from({ length: exactMatchOnly }, () => ({ judge: false, exactMatch: true })),
  ...Array.from({ length: neither }, () => ({ judge: false, exactMatch: false })),
];

test('accuracy, kappa and what each said', () => {
  const { accuracy, kappa, confusion } = judgeAgreement({ pairs: pairs(20, 5, 10, 15) });
  expect(confusion).toEqual({ bothCorrect: 20, judgeOnly: 5, exactMatchOnly: 10, neither: 15 });
  // 35 of 50 agree; by chance (25 · 30 + 25 · 20) / 50² = 0.5; (0.7 - 0.5) / (1 - 0.5) = 0.4
  expect(accuracy.mean).toBeCloseTo(0.7, 12);
  expect(kappa.mean).toBeCloseTo(0.4, 12);
  // Its standard error is about sqrt(0.7 · 0.3 / 50) / 0.5 = 0.13
  expect(kappa.low).toBeGreaterThan(0.08);
  expect(kappa.low).toBeLessThan(0.22);
  expect(kappa.high).toBeGreaterThan(0.56);
  expect(kappa.high).toBeLessThan(0.7);
});

test('full agreement, chance, one label alone, nothing', () => {
  expect(judgeAgreement({ pairs: pairs(3, 0, 0, 2) }).kappa.mean).toBe(1);
  expect(judgeAgreement({ pairs: pairs(1, 1, 1, 1) }).kappa.mean).toBe(0);
  expect(judgeAgreement({ pairs: pairs(0, 0, 0, 4) }).kappa).toEqual({ mean: 1, low: 1, high: 1, count: 4 });
  expect(judgeAgreement({ pairs: [] }).kappa.count).toBe(0);
});
