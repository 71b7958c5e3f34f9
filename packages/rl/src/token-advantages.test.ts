import { expect, test } from 'vitest';
import { gridOf } from './__fixtures__/numerics.js';
import { tokenAdvantages } from './token-advantages.js';

const policyMask = gridOf([
  [0, 1, 1],
  [1, 0, 1],
  [0, 0, 0],
]);

test('every policy token gets the advantage of its row; a row without any may be NaN', () => {
  const { data, shape } = tokenAdvantages({ advantages: Float32Array.of(2, -1, Number.NaN), policyMask });
  expect([...data]).toEqual([0, 2, 2, -1, 0, -1, 0, 0, 0]);
  expect(shape).toEqual([3, 3]);
});

test('every row needs an advantage', () => {
  expect(() => tokenAdvantages({ advantages: Float32Array.of(1), policyMask })).toThrow(
    'advantages has 1 entries for 3 rows',
  );
});
