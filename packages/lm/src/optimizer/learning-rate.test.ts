import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { learningRateAt } from './learning-rate.js';

describe('learningRateAt', () => {
  test('is constant unless told otherwise', () => {
    expect([1, 10, 1000].map((step) => learningRateAt({ learningRate: 0.5 }, step))).toEqual([0.5, 0.5, 0.5]);
  });

  test('warms up in equal steps', () => {
    const at = (step: number) => learningRateAt({ learningRate: 1, warmupSteps: 4 }, step);
    expect([1, 2, 3, 4, 5].map(at)).toEqual([0.25, 0.5, 0.75, 1, 1]);
  });

  test('falls linearly to the minimum and stays there', () => {
    // From 1 at update 2 to 0.2 at update 6: a quarter of 0.8 each.
    const options = {
      learningRate: 1,
      warmupSteps: 2,
      maxSteps: 6,
      lrSchedulerType: 'linear',
      minLearningRateRatio: 0.2,
    } as const;
    [1, 0.8, 0.6, 0.4, 0.2, 0.2].forEach((expected, index) => {
      expect(learningRateAt(options, index + 2)).toBeCloseTo(expected, 12);
    });
  });

  test('falls along a cosine', () => {
    const options = { learningRate: 2, maxSteps: 4, lrSchedulerType: 'cosine' } as const;
    // (1 + cos(π·step/4)) / 2 of the peak: cos is √½, 0, -√½, -1.
    [1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2, 0].forEach((expected, index) => {
      expect(learningRateAt(options, index + 1)).toBeCloseTo(expected, 12);
    });
  });

  property.prop([
    fc.constantFrom('constant', 'linear', 'cosine'),
    fc.integer({ min: 0, max: 20 }),
    fc.integer({ min: 1, max: 50 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  ])('stays within its bounds and never rises after the warm-up', (lrSchedulerType, warmupSteps, maxSteps, ratio) => {
    const options = { learningRate: 3, warmupSteps, maxSteps, lrSchedulerType, minLearningRateRatio: ratio } as const;
    let last = Number.POSITIVE_INFINITY;
    for (let step = Math.max(1, warmupSteps); step <= maxSteps + 5; step++) {
      const rate = learningRateAt(options, step);
      expect(rate).toBeLessThanOrEqual(Math.min(3, last) + 1e-12);
      expect(rate).toBeGreaterThanOrEqual(3 * ratio - 1e-12);
      last = rate;
    }
  });
});
