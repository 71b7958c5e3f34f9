import { describe, expect, test } from 'vitest';
import { gridOf } from './__fixtures__/numerics.js';
import { remaxAdvantages } from './remax-advantages.js';

const poison = Number.NaN;

describe('remaxAdvantages', () => {
  const policyMask = gridOf([
    [1, 0, 1],
    [0, 1, 1],
    [1, 1, 0],
  ]);
  const rewards = gridOf([
    [0, poison, 1],
    [poison, -0.25, 0],
    [0, 1, poison],
  ]);

  test('by hand: the reward to go less the greedy reward of the task, wherever its rows lie', () => {
    const baselines = new Map([
      ['a', 1],
      ['b', 0.5],
    ]);
    const { advantages, returns } = remaxAdvantages({ rewards, policyMask, groups: ['b', 'a', 'b'], baselines });
    expect([...returns.data]).toEqual([1, 0, 1, 0, -0.25, 0, 1, 1, 0]);
    expect([...advantages.data]).toEqual([0.5, 0, 0.5, 0, -1.25, -1, 0.5, 0.5, 0]);
  });

  test('as good as greedy is worth 0', () => {
    const { advantages } = remaxAdvantages({
      rewards: gridOf([[0, 1]]),
      policyMask: gridOf([[1, 1]]),
      groups: ['a'],
      baselines: new Map([['a', 1]]),
    });
    expect([...advantages.data]).toEqual([0, 0]);
  });

  test('a task without a greedy episode and a missing group are refused', () => {
    expect(() =>
      remaxAdvantages({ rewards, policyMask, groups: ['a', 'b', 'a'], baselines: new Map([['a', 1]]) }),
    ).toThrow('no greedy reward for the task b');
    expect(() => remaxAdvantages({ rewards, policyMask, groups: ['a'], baselines: new Map() })).toThrow(
      'groups has 1 entries for 3 rows',
    );
  });
});
