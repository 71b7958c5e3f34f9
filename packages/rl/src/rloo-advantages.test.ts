import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { expectClose } from './__fixtures__/numerics.js';
import { groupRelativeAdvantages } from './group-relative-advantages.js';
import { rlooAdvantages } from './rloo-advantages.js';

describe('rlooAdvantages', () => {
  test('by hand: every score less the mean of the others', () => {
    // a: 1 − (0 + 0.5) / 2, 0 − (1 + 0.5) / 2, 0.5 − (1 + 0) / 2; b: 1 − 0, 0 − 1.
    const advantages = rlooAdvantages({
      scores: Float32Array.of(1, 1, 0, 0, 0.5),
      groups: ['a', 'b', 'a', 'b', 'a'],
    });
    expect([...advantages]).toEqual([0.75, 1, -0.75, -1, 0]);
  });

  test('a group of one keeps its score, equal scores give 0', () => {
    const scores = Float32Array.of(0.75, 0.1, 0.1, 0.1);
    expect([...rlooAdvantages({ scores, groups: ['a', 'b', 'b', 'b'] })]).toEqual([0.75, 0, 0, 0]);
  });

  test('no rows, and lists of different length', () => {
    expect(rlooAdvantages({ scores: new Float32Array(0), groups: [] })).toHaveLength(0);
    expect(() => rlooAdvantages({ scores: Float32Array.of(1, 2), groups: ['a'] })).toThrow(
      'groups has 1 entries for 2 rows',
    );
  });
});

const batch = fc.array(fc.tuple(fc.float({ min: -1, max: 1, noNaN: true }), fc.constantFrom('a', 'b', 'c')), {
  maxLength: 14,
});

property.prop([batch])('is k / (k − 1) times the advantage of Dr. GRPO', (rows) => {
  const inputs = { scores: Float32Array.from(rows, ([score]) => score), groups: rows.map(([, group]) => group) };
  const centered = groupRelativeAdvantages({ ...inputs, normalizeByStd: false });
  const expected = rows.map(([score, group], row) => {
    const size = inputs.groups.filter((other) => other === group).length;
    return size === 1 ? score : ((centered[row] as number) * size) / (size - 1);
  });
  expectClose(rlooAdvantages(inputs), expected, 1e-6);
});

property.prop([fc.array(fc.boolean(), { minLength: 3, maxLength: 8 })])(
  'the baseline of a sample does not depend on that sample',
  (correct) => {
    const groups = correct.map(() => 'a');
    const advantageOfFirst = (first: number) =>
      rlooAdvantages({
        scores: Float32Array.from(correct, (isCorrect, row) => (row === 0 ? first : Number(isCorrect))),
        groups,
      })[0] as number;
    // So raising its score by 1 raises its advantage by 1, whatever the others are.
    expect(advantageOfFirst(1) - advantageOfFirst(0)).toBeCloseTo(1, 6);
  },
);
