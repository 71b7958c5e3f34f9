import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { expectClose } from './__fixtures__/numerics.js';
import { groupRelativeAdvantages } from './group-relative-advantages.js';

const scores = Float32Array.of(1, 0, 0, 1, 0.5, 0.5);

describe('groupRelativeAdvantages', () => {
  test('GRPO by hand', () => {
    const groups = ['a', 'a', 'a', 'b', 'b', 'b'];
    // a: mean 1/3, squares 4/9 + 1/9 + 1/9 = 2/3, unbiased variance 1/3. b: mean 2/3, squares 1/9 + 2·1/36 = 1/6, variance 1/12.
    const a = Math.sqrt(1 / 3) + 1e-6;
    const b = Math.sqrt(1 / 12) + 1e-6;
    const expected = [2 / 3 / a, -1 / 3 / a, -1 / 3 / a, 1 / 3 / b, -1 / 6 / b, -1 / 6 / b];
    expectClose(groupRelativeAdvantages({ scores, groups }), expected, 1e-6);
  });

  test('Dr. GRPO leaves the standard deviation out', () => {
    const groups = ['a', 'a', 'a', 'b', 'b', 'b'];
    const expected = [2 / 3, -1 / 3, -1 / 3, 1 / 3, -1 / 6, -1 / 6];
    expectClose(groupRelativeAdvantages({ scores, groups, normalizeByStd: false }), expected, 1e-7);
  });

  test('groups go by task id, wherever their rows lie', () => {
    const groups = ['a', 'b', 'a', 'b', 'a', 'b'];
    // a: 1, 0, 0.5 around 0.5; b: 0, 1, 0.5 around 0.5.
    const expected = [0.5, -0.5, -0.5, 0.5, 0, 0];
    expectClose(groupRelativeAdvantages({ scores, groups, normalizeByStd: false }), expected, 1e-7);
  });

  test('equal scores give 0', () => {
    const same = Float32Array.of(0.1, 0.1, 0.1);
    expectClose(groupRelativeAdvantages({ scores: same, groups: ['a', 'a', 'a'] }), [0, 0, 0], 1e-9);
  });

  test('a group of one keeps its score', () => {
    expectClose(groupRelativeAdvantages({ scores: Float32Array.of(0.7), groups: ['a'] }), [0.7 / (1 + 1e-6)], 1e-7);
    const plain = groupRelativeAdvantages({ scores: Float32Array.of(0.7), groups: ['a'], normalizeByStd: false });
    expectClose(plain, [0.7], 1e-7);
  });

  test('every score needs a group', () => {
    expect(() => groupRelativeAdvantages({ scores, groups: ['a'] })).toThrow('groups has 1 entries for 6 rows');
  });
});

const batch = fc.array(fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.constantFrom('a', 'b', 'c')), {
  minLength: 1,
  maxLength: 12,
});

property.prop([batch, fc.boolean()])('follows its rows when they are reordered', (rows, normalizeByStd) => {
  const advantagesOf = (some: typeof rows) =>
    groupRelativeAdvantages({
      scores: Float32Array.from(some, ([score]) => score),
      groups: some.map(([, group]) => group),
      normalizeByStd,
    });
  const backwards = advantagesOf([...rows].reverse()).reverse();
  // The division by a tiny deviation magnifies the rounding of the mean.
  expectClose(advantagesOf(rows), backwards, normalizeByStd ? 1e-4 : 1e-6);
});

property.prop([batch])('sums to 0 in every group of two or more', (rows) => {
  const advantages = groupRelativeAdvantages({
    scores: Float32Array.from(rows, ([score]) => score),
    groups: rows.map(([, group]) => group),
    normalizeByStd: false,
  });
  for (const group of ['a', 'b', 'c']) {
    const own = advantages.filter((_, index) => rows[index]?.[1] === group);
    if (own.length > 1) expect(Math.abs(own.reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-5);
  }
});
