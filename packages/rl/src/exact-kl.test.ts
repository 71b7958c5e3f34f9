import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { divergenceOf, logits, logSoftmax } from './__fixtures__/distributions.js';
import { centralDifferences, expectClose } from './__fixtures__/numerics.js';
import { exactKl } from './exact-kl.js';
import { topKKl } from './top-k-kl.js';

const directions = ['reverse', 'forward'] as const;

describe('exactKl', () => {
  test('by hand: ½, ½ against ¼, ¾', () => {
    const logProbs = [Math.log(0.5), Math.log(0.5)];
    const referenceLogProbs = [Math.log(0.25), Math.log(0.75)];
    const reverse = exactKl({ logProbs, referenceLogProbs, vocabularySize: 2 });
    expectClose(reverse.kl, [0.5 * Math.log(2) + 0.5 * Math.log(2 / 3)], 1e-15);
    // q (log q − log p − KL)
    expectClose(reverse.logitGradient, [0.25 * Math.log(3), -0.25 * Math.log(3)], 1e-15);
    const forward = exactKl({ logProbs, referenceLogProbs, vocabularySize: 2, direction: 'forward' });
    expectClose(forward.kl, [0.25 * Math.log(0.5) + 0.75 * Math.log(1.5)], 1e-15);
    expectClose(forward.logitGradient, [0.25, -0.25], 1e-15);
  });

  property.prop([logits, logits])('value and gradient against central differences', (z, reference) => {
    const referenceLogProbs = logSoftmax(reference);
    for (const direction of directions) {
      const options = { referenceLogProbs, vocabularySize: 5, direction };
      const { kl, logitGradient } = exactKl({ ...options, logProbs: logSoftmax(z) });
      expectClose(kl, [divergenceOf(direction, logSoftmax(z), referenceLogProbs)], 1e-14);
      const q = logSoftmax(z).map(Math.exp);
      const closed = logSoftmax(z).map((logQ, j) => {
        const logP = referenceLogProbs[j] as number;
        const own = q[j] as number;
        return direction === 'reverse' ? own * (logQ - logP - (kl[0] as number)) : own - Math.exp(logP);
      });
      expectClose(logitGradient, closed, 1e-14);
      const slopes = centralDifferences((x) => divergenceOf(direction, logSoftmax(x), referenceLogProbs), z);
      expectClose(logitGradient, slopes, 1e-8);
    }
  });

  test('masked rows may be NaN; tokens do not know of each other; equal models give 0', () => {
    const [a, b] = [logSoftmax([0.3, -1, 2]), logSoftmax([1, 0, -1])];
    const nan = [Number.NaN, Number.NaN, Number.NaN];
    const { kl, logitGradient } = exactKl({
      logProbs: [...nan, ...a, ...b],
      referenceLogProbs: [...nan, ...b, ...b],
      vocabularySize: 3,
      mask: [0, 1, 1],
    });
    const alone = exactKl({ logProbs: a, referenceLogProbs: b, vocabularySize: 3 });
    expect([...kl]).toEqual([0, ...alone.kl, 0]);
    expect([...logitGradient.slice(0, 6)]).toEqual([0, 0, 0, ...alone.logitGradient]);
    expectClose(logitGradient.slice(6), [0, 0, 0], 1e-15); // rounding of q − q·Σq
  });

  test('what both exclude adds nothing; what one excludes is refused', () => {
    const q = [...logSoftmax([0.5, -0.5]), Number.NEGATIVE_INFINITY];
    const p = [...logSoftmax([0.1, 0.2]), Number.NEGATIVE_INFINITY];
    for (const direction of directions) {
      const { kl, logitGradient } = exactKl({ logProbs: q, referenceLogProbs: p, vocabularySize: 3, direction });
      expectClose(kl, [divergenceOf(direction, q.slice(0, 2), p.slice(0, 2))], 1e-15);
      expect(logitGradient[2]).toBe(0);
    }
    const all = logSoftmax([0, 0, 0]);
    expect(() => exactKl({ logProbs: all, referenceLogProbs: p, vocabularySize: 3 })).toThrow('token 0: the KL is inf');
    expect(() => exactKl({ logProbs: q, referenceLogProbs: all, vocabularySize: 3, direction: 'forward' })).toThrow(
      RangeError,
    );
  });

  test('shapes must fit', () => {
    expect(() => exactKl({ logProbs: [0, 0, 0], referenceLogProbs: [0, 0, 0], vocabularySize: 2 })).toThrow(
      'rows of 2',
    );
    expect(() => exactKl({ logProbs: [0, 0], referenceLogProbs: [0], vocabularySize: 2 })).toThrow('1 values');
    expect(() => exactKl({ logProbs: [0], referenceLogProbs: [0], vocabularySize: 1, mask: [] })).toThrow('mask has 0');
  });
});

describe('topKKl', () => {
  const merged = (logProbs: readonly number[], k: number) => [
    ...logProbs.slice(0, k),
    Math.log(logProbs.slice(k).reduce((sum, value) => sum + Math.exp(value), 0)),
  ];

  property.prop([logits, logits, fc.integer({ min: 1, max: 4 })])(
    'KL of the merged classes, at most the exact one, with its gradient by logits',
    (z, reference, k) => {
      const p = logSoftmax(reference);
      for (const direction of directions) {
        const valueAt = (x: readonly number[]) => divergenceOf(direction, merged(logSoftmax(x), k), merged(p, k));
        const q = logSoftmax(z);
        const result = topKKl({ logProbs: q.slice(0, k), referenceLogProbs: p.slice(0, k), k, direction });
        expectClose(result.kl, [valueAt(z)], 1e-12);
        expect(result.kl[0]).toBeLessThanOrEqual(divergenceOf(direction, q, p) + 1e-12);
        expectClose(result.tail, [Math.exp(merged(q, k)[k] as number)], 1e-14);
        const slopeSum = result.gradient.reduce((sum, slope) => sum + slope, 0);
        const byLogits = q.map((logQ, j) => (j < k ? (result.gradient[j] as number) : 0) - Math.exp(logQ) * slopeSum);
        expectClose(byLogits, centralDifferences(valueAt, z), 1e-8);
      }
    },
  );

  test('k of the whole vocabulary is exact but for the least tail', () => {
    const [q, p] = [logSoftmax([0.2, 1, -1]), logSoftmax([-0.4, 0.3, 0.9])];
    for (const direction of directions) {
      const exact = exactKl({ logProbs: q, referenceLogProbs: p, vocabularySize: 3, direction });
      const result = topKKl({ logProbs: q, referenceLogProbs: p, k: 3, direction });
      expectClose(result.kl, exact.kl, 1e-15);
      expect([...result.tail, ...result.referenceTail]).toEqual([1e-6, 1e-6]);
      const slopeSum = result.gradient.reduce((sum, slope) => sum + slope, 0);
      expectClose(
        q.map((logQ, j) => (result.gradient[j] as number) - Math.exp(logQ) * slopeSum),
        exact.logitGradient,
        1e-15,
      );
    }
  });

  test('a teacher whose top k leaves nothing gives a large number, not an infinite one', () => {
    const logProbs = [Math.log(0.5)];
    const { kl } = topKKl({ logProbs, referenceLogProbs: [0], k: 1 });
    expectClose(kl, [0.5 * Math.log(0.5) + 0.5 * Math.log(0.5 / 1e-6)], 1e-14);
  });

  test('masked rows may be NaN; what is no distribution is refused', () => {
    const nan = [Number.NaN, Number.NaN];
    const masked = topKKl({ logProbs: nan, referenceLogProbs: nan, k: 2, mask: [0] });
    expect([...masked.kl, ...masked.gradient]).toEqual([0, 0, 0]);
    const half = Math.log(0.6);
    expect(() => topKKl({ logProbs: [half, half], referenceLogProbs: [-1, -2], k: 2 })).toThrow('sum to 1.2');
    expect(() => topKKl({ logProbs: [-1], referenceLogProbs: [-1], k: 1, minimumTail: 0 })).toThrow('minimumTail');
    expect(() => topKKl({ logProbs: [-1], referenceLogProbs: [Number.NEGATIVE_INFINITY], k: 1 })).toThrow('infinite');
  });
});
