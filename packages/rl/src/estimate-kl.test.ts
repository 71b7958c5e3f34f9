import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { centralDifferences, expectClose, gridOf } from './__fixtures__/numerics.js';
import { estimateKl } from './estimate-kl.js';
import type { KlEstimator } from './token-kl.js';

const one = (estimator: KlEstimator, logProb: number, referenceLogProb: number) =>
  estimateKl({ logProbs: gridOf([[logProb]]), referenceLogProbs: gridOf([[referenceLogProb]]), estimator })
    .data[0] as number;

describe('estimateKl by hand', () => {
  test('log π = −1, log π_ref = −1.5', () => {
    expect(one('k1', -1, -1.5)).toBe(0.5);
    expect(one('k2', -1, -1.5)).toBe(0.125);
    expect(one('k3', -1, -1.5)).toBeCloseTo(Math.exp(-0.5) + 0.5 - 1, 6);
    expect(one('abs', -1.5, -1)).toBe(0.5);
    expect(one('k1', -1.5, -1)).toBe(-0.5);
  });

  test('k3 is clamped to 10', () => {
    expect(one('k3', -90, -1)).toBe(10); // e^89 overflows float32
    expect(one('k3', -1, -90)).toBe(10);
    expect(one('k3', -1, -9)).toBeCloseTo(Math.exp(-8) + 8 - 1, 5);
  });

  test('k1 is the default, masked entries are 0 even if they are NaN', () => {
    const kl = estimateKl({
      logProbs: gridOf([[-1, Number.NaN, -2]]),
      referenceLogProbs: gridOf([[Number.NaN, -1, -3]]),
      policyMask: gridOf([[0, 0, 1]]),
    });
    expect([...kl.data]).toEqual([0, 0, 1]);
    expect(kl.shape).toEqual([1, 3]);
  });

  test('forward is weighted by π_ref / π, since the policy sampled the tokens', () => {
    const options = { logProbs: gridOf([[-1]]), referenceLogProbs: gridOf([[-1.5]]), direction: 'forward' as const };
    const w = Math.exp(-0.5);
    expectClose(estimateKl({ ...options, estimator: 'k1' }).data, [w * -0.5], 1e-7);
    expectClose(estimateKl({ ...options, estimator: 'k3' }).data, [w * -0.5 - w + 1], 1e-7);
  });

  test('shapes must agree', () => {
    expect(() => estimateKl({ logProbs: gridOf([[1, 2]]), referenceLogProbs: gridOf([[1], [2]]) })).toThrow(RangeError);
  });
});

// Close enough that k3 stays below its clamp of 10: ratios of probabilities are at most e^2.4.
const logit = fc.double({ min: -0.6, max: 0.6, noNaN: true });
const logits = fc.tuple(logit, logit, logit, logit);

const logSoftmax = (z: readonly number[]) => {
  const logSum = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0));
  return z.map((value) => value - logSum);
};
const kl = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, logA, index) => sum + Math.exp(logA) * (logA - (b[index] as number)), 0);

property.prop([logits, logits])('k1 and k3 are unbiased, k3 is never negative', (z, reference) => {
  const [q, p] = [logSoftmax(z), logSoftmax(reference)];
  for (const estimator of ['k1', 'k3'] as const) {
    const estimates = estimateKl({ logProbs: gridOf([q]), referenceLogProbs: gridOf([p]), estimator }).data;
    const expectation = q.reduce((sum, logQ, token) => sum + Math.exp(logQ) * (estimates[token] as number), 0);
    expectClose([expectation], [kl(q, p)], 1e-5);
    if (estimator === 'k3') expect(Math.min(...estimates)).toBeGreaterThanOrEqual(-1e-6);
  }
});

property.prop([logits, logits], { numRuns: 50 })(
  'as a loss k1 has no gradient, k2 that of KL(π ‖ ref), k3 that of KL(ref ‖ π)',
  (z, reference) => {
    const [q, p] = [logSoftmax(z), logSoftmax(reference)];
    // Σ_a π(a) · d estimate / d log π(a) · ∂ log π(a) / ∂z, the tokens being fixed once they are sampled.
    const gradientOf = (estimator: KlEstimator) =>
      z.map((_, j) =>
        q.reduce((sum, logQ, a) => {
          const [slope = 0] = centralDifferences(
            ([x = 0]) => one(estimator, x, p[a] as number),
            [logQ],
            1e-2, // the estimates are float32
          );
          return sum + Math.exp(logQ) * slope * ((a === j ? 1 : 0) - Math.exp(q[j] as number));
        }, 0),
      );
    expectClose(gradientOf('k1'), [0, 0, 0, 0], 1e-3);
    expectClose(
      gradientOf('k2'),
      centralDifferences((x) => kl(logSoftmax(x), p), z),
      1e-3,
    );
    expectClose(
      gradientOf('k3'),
      centralDifferences((x) => kl(p, logSoftmax(x)), z),
      3e-3,
    );
  },
);
