import { describe, expect, test } from 'vitest';
import { expectClose, gridOf } from './__fixtures__/numerics.js';
import { reinforcePlusPlusAdvantages, reinforcePlusPlusBaselineAdvantages } from './reinforce-plus-plus.js';

const poison = Number.NaN;

describe('reinforcePlusPlusAdvantages', () => {
  test('by hand: the reward reaches the first turn across the observation', () => {
    const { advantages, returns } = reinforcePlusPlusAdvantages({
      rewards: gridOf([[0, poison, 1]]),
      policyMask: gridOf([[1, 0, 1]]),
      gamma: 0.5,
    });
    expect([...returns.data]).toEqual([0.5, 0, 1]);
    // Mean 0.75, unbiased variance 2 · 0.0625 = 0.125.
    const scaled = 0.25 / Math.sqrt(0.125 + 1e-8);
    expectClose(advantages.data, [-scaled, 0, scaled], 1e-7);
  });

  test('whitens over the batch, not over rows', () => {
    const { advantages } = reinforcePlusPlusAdvantages({
      rewards: gridOf([
        [0, 1],
        [0, 0],
        [poison, poison],
      ]),
      policyMask: gridOf([
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
    });
    // Returns 1, 1, 0, 0: mean 0.5, unbiased variance 1/3.
    const scaled = 0.5 / Math.sqrt(1 / 3 + 1e-8);
    expectClose(advantages.data, [scaled, scaled, -scaled, -scaled, 0, 0], 1e-7);
  });

  test('equal returns and an empty mask give 0', () => {
    const rewards = gridOf([
      [0, 0.1],
      [0, 0.1],
    ]);
    const full = gridOf([
      [1, 1],
      [1, 1],
    ]);
    expect([...reinforcePlusPlusAdvantages({ rewards, policyMask: full }).advantages.data]).toEqual([0, 0, 0, 0]);
    const empty = reinforcePlusPlusAdvantages({ rewards: gridOf([[poison]]), policyMask: gridOf([[0]]) });
    expect([...empty.advantages.data]).toEqual([0]);
    expect([...empty.returns.data]).toEqual([0]);
  });
});

describe('reinforcePlusPlusBaselineAdvantages', () => {
  const scores = Float32Array.of(1, 5, 0, 3);
  const groups = ['a', 'b', 'a', 'b'];
  const policyMask = gridOf([
    [1, 0],
    [0, 1],
    [1, 0],
    [0, 1],
  ]);

  test('by hand: the mean of the task, one deviation for all', () => {
    // Centred: 0.5, 1, −0.5, −1; mean 0, unbiased variance 2.5 / 3.
    const scale = 1 / Math.sqrt(2.5 / 3 + 1e-8);
    const { data } = reinforcePlusPlusBaselineAdvantages({ scores, groups, policyMask });
    expectClose(data, [0.5 * scale, 0, 0, scale, -0.5 * scale, 0, 0, -scale], 1e-7);
  });

  test('a longer episode weighs more in the statistics', () => {
    const { data } = reinforcePlusPlusBaselineAdvantages({
      scores: Float32Array.of(1, 0),
      groups: ['a', 'a'],
      policyMask: gridOf([
        [1, 1, 1],
        [1, 0, 0],
      ]),
    });
    // Tokens 0.5, 0.5, 0.5, −0.5: mean 0.25, unbiased variance 0.75 / 3.
    expectClose(data, [0.5, 0.5, 0.5, -1.5, 0, 0], 1e-7);
  });

  test('a group of one has the baseline 0', () => {
    const { data } = reinforcePlusPlusBaselineAdvantages({
      scores: Float32Array.of(1, 0),
      groups: ['a', 'b'],
      policyMask: gridOf([[1], [1]]),
    });
    expectClose(data, [Math.SQRT1_2, -Math.SQRT1_2], 1e-7);
  });

  test('every row needs a score', () => {
    expect(() => reinforcePlusPlusBaselineAdvantages({ scores, groups, policyMask: gridOf([[1]]) })).toThrow(
      'advantages has 4 entries for 1 rows',
    );
  });
});
