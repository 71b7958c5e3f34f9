import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { normalizeVector, poolTokens } from './pool-tokens.js';

const { NaN: nan } = Number;

describe('poolTokens', () => {
  // Two texts of three positions and two dimensions; what the mask hides is poison.
  const hidden = Float32Array.of(1, 2, 3, 6, nan, nan, nan, nan, 5, 7, nan, nan);
  const mask = [1n, 1n, 0n, 0n, 1n, 0n];
  const shape = [2, 3, 2] as const;

  it('takes the mean over the mask and nothing else', () => {
    expect(poolTokens({ hidden, mask, shape, pooling: 'mean' })).toEqual([
      Float32Array.of((1 + 3) / 2, (2 + 6) / 2),
      Float32Array.of(5, 7),
    ]);
  });

  it('takes the first token that the mask names', () => {
    expect(poolTokens({ hidden, mask, shape, pooling: 'cls' })).toEqual([Float32Array.of(1, 2), Float32Array.of(5, 7)]);
  });

  it('gives zeros for a text without tokens', () => {
    const poison = Float32Array.of(nan, nan);
    for (const pooling of ['mean', 'cls'] as const) {
      expect(poolTokens({ hidden: poison, mask: [0], shape: [1, 1, 2], pooling })).toEqual([Float32Array.of(0, 0)]);
    }
  });

  test.prop([
    fc.array(fc.tuple(fc.boolean(), fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }))), {
      minLength: 1,
      maxLength: 8,
    }),
    fc.nat({ max: 5 }),
  ])('does not depend on how much padding follows', (tokens, padding) => {
    const pool = (extra: number) =>
      poolTokens({
        hidden: Float32Array.from([
          ...tokens.flatMap(([seen, vector]) => (seen ? vector : [nan, nan])),
          ...new Array<number>(2 * extra).fill(nan),
        ]),
        mask: [...tokens.map(([seen]) => Number(seen)), ...new Array<number>(extra).fill(0)],
        shape: [1, tokens.length + extra, 2],
        pooling: 'mean',
      });
    expect(pool(padding)).toEqual(pool(0));
    const kept = tokens.filter(([seen]) => seen);
    const first = kept.reduce((sum, [, [entry]]) => sum + entry, 0) / Math.max(1, kept.length);
    expect(pool(0)[0]?.[0]).toBeCloseTo(first, 5);
  });
});

describe('normalizeVector', () => {
  it('scales to length 1 and leaves zero alone', () => {
    expect(normalizeVector(Float32Array.of(3, 4))).toEqual(Float32Array.of(3 / 5, 4 / 5));
    expect(normalizeVector(Float32Array.of(0, 0))).toEqual(Float32Array.of(0, 0));
  });
});
