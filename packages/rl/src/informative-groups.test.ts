import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { groupRelativeAdvantages } from './group-relative-advantages.js';
import { informativeGroups } from './informative-groups.js';

describe('informativeGroups', () => {
  // easy is always right, hard always wrong, odd is one row, fit is mixed.
  const groups = ['easy', 'fit', 'hard', 'fit', 'easy', 'odd', 'hard', 'hard'];
  const scores = Float32Array.of(1, 1, 0, 0, 1, 1, 0, 0);

  test('names the tasks to drop, their sizes and scores', () => {
    expect(informativeGroups({ scores, groups })).toEqual({
      rows: [1, 3, 5],
      informative: ['fit', 'odd'],
      uninformative: [
        { group: 'easy', size: 2, score: 1 },
        { group: 'hard', size: 3, score: 0 },
      ],
      fracRewardZeroStd: 0.5,
    });
  });

  test('a group of one can be dropped as well', () => {
    const found = informativeGroups({ scores, groups, keepSingletons: false });
    expect(found.rows).toEqual([1, 3]);
    expect(found.uninformative).toContainEqual({ group: 'odd', size: 1, score: 1 });
    expect(found.fracRewardZeroStd).toBe(0.75);
  });

  test('equal is equal, not a deviation near 0', () => {
    const same = informativeGroups({ scores: Float32Array.of(0.1, 0.1, 0.1), groups: ['a', 'a', 'a'] });
    expect(same.rows).toEqual([]);
    const near = informativeGroups({ scores: Float32Array.of(0.1, 0.1 + 1e-6), groups: ['a', 'a'] });
    expect(near.rows).toEqual([0, 1]);
  });

  test('nothing to choose from', () => {
    const none = { rows: [], informative: [], uninformative: [], fracRewardZeroStd: 0 };
    expect(informativeGroups({ scores: new Float32Array(0), groups: [] })).toEqual(none);
    expect(() => informativeGroups({ scores, groups: ['a'] })).toThrow('groups has 1 entries for 8 rows');
  });
});

const batch = fc.array(fc.tuple(fc.constantFrom(0, 0.1, 1), fc.constantFrom('a', 'b', 'c', 'd')), { maxLength: 14 });

property.prop([batch])('drops exactly the rows of groups whose advantages are all 0', (rows) => {
  const inputs = { scores: Float32Array.from(rows, ([score]) => score), groups: rows.map(([, group]) => group) };
  const advantages = groupRelativeAdvantages(inputs);
  const { rows: kept, uninformative } = informativeGroups({ ...inputs, keepSingletons: true });
  const expected = rows.flatMap(([, group], row) => {
    const own = inputs.groups.flatMap((other, index) => (other === group ? [index] : []));
    return own.length === 1 || own.some((index) => advantages[index] !== 0) ? [row] : [];
  });
  expect(kept).toEqual(expected);
  expect(uninformative.reduce((sum, { size }) => sum + size, 0)).toBe(rows.length - kept.length);
});

property.prop([batch])('chooses the same tasks whatever the order of rows', (rows) => {
  const chosen = (some: typeof rows) => {
    const scores = Float32Array.from(some, ([score]) => score);
    return informativeGroups({ scores, groups: some.map(([, group]) => group) }).informative.sort();
  };
  expect(chosen([...rows].reverse())).toEqual(chosen(rows));
});
