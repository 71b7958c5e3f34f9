import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { expectClose, gridOf } from './__fixtures__/numerics.js';
import { type Aggregation, tokenWeights } from './token-weights.js';

// 3 tokens, 1 token, none.
const mask = gridOf([
  [1, 0, 1, 1],
  [0, 1, 0, 0],
  [0, 0, 0, 0],
]);

describe('tokenWeights by hand', () => {
  test.each([
    { aggregation: 'token-mean' as const, long: 1 / 4, short: 1 / 4 },
    { aggregation: 'seq-mean-token-sum' as const, long: 1 / 2, short: 1 / 2 },
    { aggregation: 'seq-mean-token-mean' as const, long: 1 / 6, short: 1 / 2 },
    { aggregation: 'seq-mean-token-sum-norm' as const, long: 1 / 16, short: 1 / 16 },
  ])('$aggregation', ({ aggregation, long, short }) => {
    const { data, shape } = tokenWeights({ mask, aggregation, maxTokens: 8 });
    expectClose(data, [long, 0, long, long, 0, short, 0, 0, 0, 0, 0, 0], 1e-7);
    expect(shape).toEqual([3, 4]);
  });

  test('token-mean is the default', () => {
    expect(tokenWeights({ mask })).toEqual(tokenWeights({ mask, aggregation: 'token-mean' }));
  });

  test('no tokens give zeros, not NaN', () => {
    const empty = gridOf([[0, 0]]);
    for (const aggregation of ['token-mean', 'seq-mean-token-sum', 'seq-mean-token-mean'] as const) {
      expect([...tokenWeights({ mask: empty, aggregation }).data]).toEqual([0, 0]);
    }
  });

  test('the norm needs its constant', () => {
    expect(() => tokenWeights({ mask, aggregation: 'seq-mean-token-sum-norm' })).toThrow('maxTokens');
    expect(() => tokenWeights({ mask, aggregation: 'seq-mean-token-sum-norm', maxTokens: 0 })).toThrow(RangeError);
  });
});

property.prop([
  fc.array(fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
  fc.constantFrom<Aggregation>('token-mean', 'seq-mean-token-mean'),
])('the means weigh 1 in all', (rows, aggregation) => {
  const { data } = tokenWeights({
    mask: gridOf(rows.map((row) => row.map((isReal) => (isReal ? 1 : 0)))),
    aggregation,
  });
  const sum = data.reduce((total, weight) => total + weight, 0);
  expectClose([sum], [rows.flat().some(Boolean) ? 1 : 0], 1e-6);
});
