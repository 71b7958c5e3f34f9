import { createRandom, type Trajectory } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job, JobResult } from '../src/compute/jobs.js';
import type { ComputePool } from '../src/compute/pool.js';
import type { RlSettings } from '../src/recipe/rl-section.js';
import { collectRollouts } from '../src/train/policy/collect-rollouts.js';
import { openTinyWorld, optimizeTiny, type TinyWorld, tasks, tinySettings, withPool } from './tiny-world.js';

let world: TinyWorld;
beforeAll(async () => {
  world = await openTinyWorld();
});
afterAll(() => world.close());

/** A pool in which every episode gets the reward that `judge` finds. */
function judging(pool: ComputePool, judge: (episode: Trajectory) => number): ComputePool {
  return {
    ...pool,
    run: async <J extends Job>(jobs: readonly J[]) => {
      const results = await pool.run(jobs);
      return results.map((result, index) => {
        if (jobs[index]?.kind !== 'episodes') return result;
        return (result as Trajectory[]).map((episode) => {
          const reward = judge(episode);
          return { ...episode, outcome: { ...episode.outcome, reward, correct: reward === 1 } };
        }) as JobResult<J>;
      });
    },
  };
}

const collect = (pool: ComputePool, changes: Partial<RlSettings>, step = 1) =>
  collectRollouts({
    playground: world.playground(pool),
    settings: { ...tinySettings, ...changes },
    tasks,
    model: 'sampled',
    step,
    random: createRandom(1),
  });

describe('rollouts', () => {
  it('keep the samples of a question that comes twice in groups of their own', () =>
    withPool(world, 0, async (pool) => {
      const { groups, episodes } = await collect(pool, { tasksPerStep: 8 });
      expect(groups).toHaveLength(16);
      const sizes = new Map<string, number>();
      for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
      expect([...sizes.values()]).toEqual(Array(8).fill(2));
      episodes.forEach(({ task }, index) => {
        expect((groups[index] as string).split('#')[0]).toBe(task.id);
      });
      expect([...sizes.keys()].filter((name) => name.includes('#'))).toHaveLength(2);
    }));

  it('play one greedy episode per question for ReMax', () =>
    withPool(world, 0, async (pool) => {
      const judged = judging(pool, ({ segments }) => segments.length / 100);
      const { baselines, groups, episodes } = await collect(judged, { algorithm: 'remax', numGenerations: 3 });
      expect(Object.keys(baselines)).toEqual([...new Set(groups)]);
      expect(episodes).toHaveLength(12);
      const again = await collect(judged, { algorithm: 'remax', numGenerations: 3 });
      expect(again.baselines).toEqual(baselines);
    }));

  it('replace questions without signal, but not for ever', () =>
    withPool(world, 0, async (pool) => {
      const filtering = { filterGroups: true, tasksPerStep: 3, numGenerations: 2, maxNumGenBatches: 6 };
      // Of four questions every episode is right, of the others every second one.
      const judged = judging(pool, ({ task, sample }) => (task.id < 'q4' || sample % 2 === 0 ? 1 : 0));
      const some = await collect(judged, filtering);
      expect(some.batches).toBeGreaterThan(1);
      const kept = some.chosen.map((index) => some.groups[index] as string);
      expect(new Set(kept).size).toBe(3);
      expect(kept).toHaveLength(6);
      expect(kept.some((group) => /^q[0-3]/.test(group))).toBe(false);
      expect(some.fracRewardZeroStd).toBeGreaterThan(0);

      const none = await collect(
        judging(pool, () => 0),
        filtering,
      );
      expect(none).toMatchObject({ batches: 6, chosen: [], fracRewardZeroStd: 1 });
      expect(none.episodes).toHaveLength(36);
    }));

  it('without any signal change nothing and are recorded', () =>
    withPool(world, 0, async (pool) => {
      const judged = judging(pool, () => 0);
      const changes = { algorithm: 'grpo', filterGroups: true, maxNumGenBatches: 2, maxSteps: 1 } as const;
      const options = { playground: world.playground(judged) };
      const { metrics, digests } = await optimizeTiny(world, pool, { ...changes, options });
      expect(metrics[0]).toMatchObject({ num_gen_batches: 2, num_episodes: 0, frac_reward_zero_std: 1 });
      const untouched = await optimizeTiny(world, pool, { ...changes, maxSteps: 0, options });
      expect(digests.student).toBe(untouched.digests.student);
    }));
});

/** Something that can be learned in a few updates: to write even tokens. */
const evenShare = ({ segments }: Trajectory) => {
  const tokens = segments.flatMap(({ kind, tokenIds = [] }) => (kind === 'policy' ? tokenIds : []));
  return tokens.filter((token) => token % 2 === 0).length / Math.max(1, tokens.length);
};

const learning: Partial<RlSettings> = {
  algorithm: 'grpo',
  numGenerations: 8,
  tasksPerStep: 4,
  miniBatchSize: 32,
  microBatchSize: 32,
  learningRate: 0.02,
  maxSteps: 12,
  guidance: { ...tinySettings.guidance, gate: 'never' },
};

describe('rollouts one update ahead', () => {
  const run = (workers: number, changes: Partial<RlSettings>) =>
    withPool(world, workers, async (pool) => {
      const options = { playground: world.playground(judging(pool, evenShare)) };
      return optimizeTiny(world, pool, { ...learning, ...changes, options });
    });

  it('learn', async () => {
    const { metrics } = await run(0, { maxStaleness: 1, maxSteps: 30, learningRate: 0.03 });
    const rewards = metrics.map(({ reward }) => reward as number);
    expect(Math.min(...rewards.slice(-3))).toBeGreaterThan(Math.max(...rewards.slice(0, 3)) + 0.1);
  });

  it('give the same bytes with any number of workers', async () => {
    const stale = await run(0, { maxStaleness: 1, maxSteps: 4 });
    expect(await run(2, { maxStaleness: 1, maxSteps: 4 })).toEqual(stale);
    expect((await run(0, { maxSteps: 4 })).digests).not.toEqual(stale.digests);
  });

  it('are corrected by importance weights, whose effect is logged', async () => {
    const { metrics } = await run(0, { maxStaleness: 1, maxSteps: 4 });
    const [first, ...later] = metrics;
    // The first episodes are those of the policy that learns from them.
    expect(first?.['rollout_corr/k3_kl']).toBeLessThan(1e-6);
    expect(first?.['rollout_corr/rollout_is_eff_sample_size']).toBeCloseTo(1, 4);
    for (const step of later) {
      expect(step['rollout_corr/k3_kl']).toBeGreaterThan(1e-5);
      expect(step['rollout_corr/rollout_is_eff_sample_size']).toBeLessThan(1);
      expect(step['policy/approxkl_avg']).toBeLessThan(1e-6);
    }
  });

  it('leave out episodes that the geometric mask rejects', async () => {
    const samplerCorrection = { level: 'sequence', cap: 2, geometricHigh: 1.000001 } as const;
    const { metrics } = await run(0, { maxStaleness: 1, maxSteps: 3, samplerCorrection });
    expect(metrics[1]?.['rollout_corr/rollout_rs_masked_fraction']).toBeGreaterThan(0.5);
  });
});
