import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { expectClose, gridOf } from './__fixtures__/numerics.js';
import { maskTruncated, softOverlongPunishment } from './overlong.js';
import { tokenWeights } from './token-weights.js';

describe('softOverlongPunishment', () => {
  test('by hand: free up to 12 of 16 tokens, then a quarter per token', () => {
    const punishment = softOverlongPunishment({
      lengths: [0, 12, 13, 14, 15, 16, 17, 99],
      maxLength: 16,
      cacheLength: 4,
    });
    expect([...punishment]).toEqual([0, 0, -0.25, -0.5, -0.75, -1, -1, -1]);
  });

  test('the largest punishment can be chosen; the cache can be everything', () => {
    const options = { lengths: Int32Array.of(0, 8, 16), maxLength: 16, cacheLength: 16, penaltyFactor: 0.5 };
    expect([...softOverlongPunishment(options)]).toEqual([0, -0.25, -0.5]);
  });

  test('numbers that cannot be meant are refused', () => {
    const lengths = [1];
    for (const [maxLength, cacheLength] of [
      [16, 0],
      [16, 17],
      [16, -1],
      [16, Number.NaN],
      [Number.NaN, 4],
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ] as const) {
      expect(() => softOverlongPunishment({ lengths, maxLength, cacheLength })).toThrow('cacheLength must lie');
    }
    expect(() => softOverlongPunishment({ lengths, maxLength: 4, cacheLength: 2, penaltyFactor: -1 })).toThrow(
      'penaltyFactor must be 0 or more, found -1',
    );
  });
});

property.prop([fc.nat(200), fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 100 })])(
  'is equation 13 of DAPO',
  (length, cache, free) => {
    const maxLength = free + cache;
    let expected = -1;
    if (length <= maxLength - cache) expected = 0;
    else if (length <= maxLength) expected = (maxLength - cache - length) / cache;
    expectClose(softOverlongPunishment({ lengths: [length], maxLength, cacheLength: cache }), [expected], 1e-7);
  },
);

describe('maskTruncated', () => {
  const mask = gridOf([
    [0, 1, 1],
    [1, 0, 1],
  ]);

  test('leaves rows that were cut off out, the others as they are', () => {
    expect([...maskTruncated({ mask, truncated: [false, true] }).data]).toEqual([0, 1, 1, 0, 0, 0]);
    expect([...maskTruncated({ mask, truncated: [false, false] }).data]).toEqual([...mask.data]);
  });

  test('the other rows take over the weight; all cut off weighs nothing', () => {
    const rest = tokenWeights({ mask: maskTruncated({ mask, truncated: [true, false] }) });
    expect([...rest.data]).toEqual([0, 0, 0, 0.5, 0, 0.5]);
    const none = tokenWeights({ mask: maskTruncated({ mask, truncated: [true, true] }) });
    expect([...none.data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('every row needs an entry', () => {
    expect(() => maskTruncated({ mask, truncated: [true] })).toThrow('truncated has 1 entries for 2 rows');
  });
});
