import type { Grid } from '@dgpo/rl';
import { expect, it } from 'vitest';
import { type AdvantagesOptions, criticRows, estimateAdvantages } from './advantages.js';

/** Two episodes of two sampled tokens, one retrieved one, and one more sampled token. */
const rows = [0, 1].map(() => ({
  tokenIds: Int32Array.of(9, 1, 2, 3, 4),
  mask: Uint8Array.of(0, 1, 1, 0, 1),
  logProbs: Float32Array.of(-1, -1, -1),
}));
const grid = (...data: number[]): Grid => ({ data: Float32Array.from(data), shape: [2, 3] });
const mask = grid(1, 1, 1, 1, 1, 1);

const estimate = (settings: Partial<AdvantagesOptions['settings']>, values?: Float32Array[]) =>
  estimateAdvantages({
    batch: { rows, counts: [3, 3], groups: ['a', 'b'], mask, baselines: new Map([['a', 0.25]]) },
    settings: { algorithm: 'ppo', gamma: 0.5, lambda: 1, gaeMode: 'skip-observations', ...settings },
    rewards: grid(0, 0, 1, 0, 0, 0),
    lossMask: mask,
    values,
  });

it('GAE of the released code discounts over retrieved tokens too, and asks the critic about them', () => {
  expect(criticRows(rows, { gaeMode: 'legacy' }).map((row) => [...row.mask])).toEqual([
    [0, 1, 1, 1, 1],
    [0, 1, 1, 1, 1],
  ]);
  const legacy = estimate({ gaeMode: 'legacy' }, [Float32Array.of(0.1, 0.2, 0.3, 0.4), new Float32Array(4)]);
  expect(legacy.returns?.map((row) => [...row])).toEqual([
    [0.125, 0.25, 0.5, 1].map((value) => expect.closeTo(value, 6)),
    [0, 0, 0, 0],
  ]);
  const skipping = estimate({}, [Float32Array.of(0.1, 0.2, 0.4), new Float32Array(3)]);
  expect(skipping.returns?.map((row) => [...row])).toEqual([
    [0.25, 0.5, 1].map((value) => expect.closeTo(value, 6)),
    [0, 0, 0],
  ]);
  // Before whitening the first episode's are 0.125 − 0.1, 0.25 − 0.2 and 1 − 0.4: their differences keep their proportions.
  const [first = 0, second = 0, third = 0] = legacy.advantages.data;
  expect((third - first) / (second - first)).toBeCloseTo((0.6 - 0.025) / (0.05 - 0.025), 3);
});

it('PPO without values and ReMax without a greedy episode are mistakes of the caller', () => {
  expect(() => estimate({})).toThrow(/PPO needs a critic/);
  expect(() => estimate({ algorithm: 'remax' })).toThrow(/no greedy reward for the task b/);
});
