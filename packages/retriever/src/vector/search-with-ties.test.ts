import { describe, expect, it } from 'vitest';
import { searchWithTies } from './search-with-ties.js';

describe('searchWithTies', () => {
  /** An engine that gives equal scores in falling order of index. */
  const engine = (scores: readonly number[], asked: number[]) => async (limit: number) => {
    asked.push(limit);
    const matches = scores.map((score, index) => ({ index, score }));
    return matches.sort((left, right) => right.score - left.score || right.index - left.index).slice(0, limit);
  };

  it('asks once when the cut does not part equal scores', async () => {
    const asked: number[] = [];
    const scores = [1, 3, 2, 2, 0];
    const found = await searchWithTies({ topK: 3, size: 5, fetch: engine(scores, asked) });
    expect(found.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(asked).toEqual([4]);
  });

  it('asks for more until all equal scores are there', async () => {
    const asked: number[] = [];
    const scores = [5, ...Array.from({ length: 20 }, () => 1), 0, 0];
    const found = await searchWithTies({ topK: 3, size: 23, fetch: engine(scores, asked) });
    expect(found.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(asked).toEqual([4, 8, 16, 23]);
  });

  it('stops at the most, and asks an empty index nothing', async () => {
    const asked: number[] = [];
    const scores = Array.from({ length: 100 }, () => 1);
    expect(await searchWithTies({ topK: 2, size: 100, fetch: engine(scores, asked), most: 5 })).toHaveLength(2);
    expect(asked).toEqual([3, 5]);
    expect(await searchWithTies({ topK: 2, size: 0, fetch: engine([], asked) })).toEqual([]);
    expect(asked).toHaveLength(2);
  });
});
