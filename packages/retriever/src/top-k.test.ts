import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectTopK } from './top-k.js';

describe('selectTopK', () => {
  it('equals a full sort by score, then position, above the threshold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 45 }),
        fc.constantFrom(-Infinity, 0),
        (scores, topK, threshold) => {
          const sorted = scores
            .map((score, index) => ({ index, score }))
            .filter(({ score }) => score > threshold)
            .sort((left, right) => right.score - left.score || left.index - right.index);
          expect(selectTopK(Float64Array.from(scores), topK, threshold)).toEqual(sorted.slice(0, topK));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never returns a score that is not a number', () => {
    expect(selectTopK(Float64Array.from([Number.NaN, 1]), 2)).toEqual([{ index: 1, score: 1 }]);
  });
});
