import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeBytePairs } from './byte-pair-merge.js';

const table = (merges: Record<string, [rank: number, id: number]>) => (left: number, right: number) => {
  const found = merges[`${left},${right}`];
  return found && { rank: found[0], id: found[1] };
};

test('merges by rank, not from left to right', () => {
  // b c is made before a b, so "abc" is a + bc.
  expect(mergeBytePairs([1, 2, 3], table({ '2,3': [0, 10], '1,2': [1, 11] }))).toEqual([1, 10]);
  expect(mergeBytePairs([1, 2, 3], table({ '2,3': [1, 10], '1,2': [0, 11] }))).toEqual([11, 3]);
});

test('takes the leftmost of overlapping pairs and goes on with what it made', () => {
  expect(mergeBytePairs([1, 1, 1], table({ '1,1': [0, 10] }))).toEqual([10, 1]);
  expect(mergeBytePairs([1, 1, 1, 1, 1], table({ '1,1': [0, 10], '10,10': [1, 11], '11,1': [2, 12] }))).toEqual([12]);
});

test('leaves empty and single words alone', () => {
  expect(mergeBytePairs([], table({}))).toEqual([]);
  expect(mergeBytePairs([7], table({}))).toEqual([7]);
});

/** The definition, written out: scan for the leftmost pair of lowest rank until there is none. */
function slowMerge(symbols: number[], mergeOf: ReturnType<typeof table>): number[] {
  for (;;) {
    let best: { at: number; rank: number; id: number } | undefined;
    for (let at = 0; at + 1 < symbols.length; at++) {
      const merge = mergeOf(symbols[at] as number, symbols[at + 1] as number);
      if (merge !== undefined && (best === undefined || merge.rank < best.rank)) best = { at, ...merge };
    }
    if (best === undefined) return symbols;
    symbols = [...symbols.slice(0, best.at), best.id, ...symbols.slice(best.at + 2)];
  }
}

test('agrees with the definition on random models, also where a merge makes an earlier pair', () => {
  const pair = fc.tuple(fc.nat(7), fc.nat(7));
  fc.assert(
    fc.property(
      fc.array(fc.nat(3), { maxLength: 30 }),
      fc.uniqueArray(pair, { maxLength: 20, selector: String }),
      (word, pairs) => {
        const mergeOf = table(Object.fromEntries(pairs.map(([a, b], rank) => [`${a},${b}`, [rank, 4 + (rank % 4)]])));
        expect(mergeBytePairs([...word], mergeOf)).toEqual(slowMerge(word, mergeOf));
      },
    ),
    { numRuns: 500 },
  );
});

test('a word of a million bytes takes seconds at most', () => {
  const started = performance.now();
  const merged = mergeBytePairs(new Array(1_000_000).fill(1), table({ '1,1': [0, 10], '10,10': [1, 11] }));
  expect(merged).toHaveLength(250_000);
  expect(performance.now() - started).toBeLessThan(20_000);
});
