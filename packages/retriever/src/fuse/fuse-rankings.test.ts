import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Match } from '../top-k.js';
import { fuseRankings } from './fuse-rankings.js';

const ranking = (...indices: number[]): Match[] => indices.map((index, rank) => ({ index, score: -rank }));

describe('fuseRankings', () => {
  it('sums 1 / (60 + rank) by hand', () => {
    // 7: 1/61 + 1/62. 3: 1/62 + 1/61. 5: 1/63. 9: 1/63.
    expect(fuseRankings({ rankings: [ranking(7, 3, 9), ranking(3, 7, 5)], topK: 10 })).toEqual([
      { index: 3, score: 1 / 62 + 1 / 61 },
      { index: 7, score: 1 / 61 + 1 / 62 },
      { index: 5, score: 1 / 63 },
      { index: 9, score: 1 / 63 },
    ]);
  });

  it('weighs rankings and takes another k', () => {
    const rankings = [ranking(1, 2), ranking(2, 1)];
    expect(fuseRankings({ rankings, topK: 1, weights: [2, 1] })[0]?.index).toBe(1);
    expect(fuseRankings({ rankings, topK: 1, weights: [1, 2] })[0]?.index).toBe(2);
    expect(fuseRankings({ rankings, topK: 2, k: 0, weights: [0, 4] })).toEqual([
      { index: 2, score: 4 },
      { index: 1, score: 2 },
    ]);
    expect(fuseRankings({ rankings: [ranking(1), ranking(2)], topK: 5, weights: [1, 0] })).toHaveLength(1);
  });

  it('counts the first place of an item that a ranking repeats, and takes empty rankings', () => {
    expect(fuseRankings({ rankings: [ranking(4, 4, 5), []], topK: 5 })).toEqual([
      { index: 4, score: 1 / 61 },
      { index: 5, score: 1 / 63 },
    ]);
    expect(fuseRankings({ rankings: [], topK: 5 })).toEqual([]);
  });

  it.each([
    [{ topK: 0 }, /topK/],
    [{ k: -1 }, /at least 0/],
    [{ k: Number.NaN }, /at least 0/],
    [{ weights: [1] }, /1 weights for 2 rankings/],
    [{ weights: [1, -1] }, /at least 0/],
    [{ weights: [0, 0] }, /at least 0/],
  ])('refuses %j', (options, message) => {
    expect(() => fuseRankings({ rankings: [ranking(1), ranking(2)], topK: 1, ...options })).toThrow(message);
  });

  const indices = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 20 });
  property.prop([fc.array(indices, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 40 })])(
    'holds every item once, best first, and does not depend on the order of the rankings',
    (lists, topK) => {
      const rankings = lists.map((list) => ranking(...list));
      const all = fuseRankings({ rankings, topK: 1000 });
      expect(new Set(all.map(({ index }) => index))).toEqual(new Set(lists.flat()));
      for (const [rank, { score }] of all.entries()) expect(score).toBeLessThanOrEqual(all[rank - 1]?.score ?? 1e9);
      expect(fuseRankings({ rankings, topK })).toEqual(all.slice(0, topK));
      const reversed = new Map(
        fuseRankings({ rankings: [...rankings].reverse(), topK: 1000 }).map(({ index, score }) => [index, score]),
      );
      for (const { index, score } of all) expect(reversed.get(index)).toBeCloseTo(score, 12);
    },
  );
});
