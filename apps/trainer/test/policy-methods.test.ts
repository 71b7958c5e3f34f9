import { createRandom } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job, JobResult } from '../src/compute/jobs.js';
import type { PolicyJob } from '../src/compute/policy-job.js';
import type { ComputePool } from '../src/compute/pool.js';
import { methods } from '../src/recipe/methods.js';
import { recipeSchema } from '../src/recipe/recipe-schema.js';
import type { RlSettings } from '../src/recipe/rl-section.js';
import { collectRollouts, type Rollouts } from '../src/train/policy/collect-rollouts.js';
import {
  openTinyWorld,
  optimizeTiny,
  type TinyWorld,
  tasks,
  tinyParameters,
  tinySettings,
  withPool,
} from './tiny-world.js';

let world: TinyWorld;
beforeAll(async () => {
  world = await openTinyWorld();
});
afterAll(() => world.close());

/** The settings of the last stage of a method, at a size for tests. */
function settingsOf(method: string): RlSettings | undefined {
  // Hints come from text worlds alone.
  const data = { world: method === 'hint-distillation' ? 'household' : 'atlas' };
  const recipe = recipeSchema.parse({ method, data });
  const rl = recipe.stages.findLast((stage) => stage.rl !== undefined)?.rl;
  return rl === undefined
    ? undefined
    : {
        ...rl,
        ...{ tasksPerStep: 3, numGenerations: 4, miniBatchSize: 12, microBatchSize: 4, maxSteps: 1, ppoEpochs: 2 },
        ...{ learningRate: 0.02, criticLearningRate: 0.02, warmupSteps: 0 },
      };
}

/** Episodes of the student, with rewards that differ within and between the groups. */
async function fixedRollouts(pool: ComputePool): Promise<Rollouts> {
  const weights = tinyParameters(world, 4);
  await pool.broadcast({ kind: 'model', name: 'student', config: world.config, valueHead: false, weights });
  const rollouts = await collectRollouts({
    playground: world.playground(pool),
    settings: { ...tinySettings, tasksPerStep: 3, numGenerations: 4 },
    tasks,
    model: 'student',
    step: 1,
    random: createRandom(1),
  });
  const episodes = rollouts.episodes.map((episode, index) => {
    const reward = [1, 0, 0, 0.5, 1, 0, 1, 0.2, 0, 1, 0.1, 0][index] ?? 0;
    return { ...episode, outcome: { ...episode.outcome, reward, correct: reward === 1 } };
  });
  return {
    ...rollouts,
    episodes,
    baselines: Object.fromEntries(rollouts.groups.map((name, index) => [name, index % 3 ? 0.4 : 0.7])),
  };
}

/** A pool that adds up the losses of the policy jobs. */
function listening(pool: ComputePool): { pool: ComputePool; losses: number[]; norms: number[] } {
  const losses: number[] = [];
  const norms: number[] = [];
  return {
    losses,
    norms,
    pool: {
      ...pool,
      run: async <J extends Job>(jobs: readonly J[]) => {
        const results = await pool.run(jobs);
        jobs.forEach((job, index) => {
          if (job.kind !== 'policy') return;
          const { loss, gradients } = results[index] as JobResult<PolicyJob>;
          losses.push(loss);
          norms.push(Math.hypot(...gradients));
        });
        return results;
      },
    },
  };
}

describe('on one batch', () => {
  it('no two methods have the same loss once the policy has moved', () =>
    withPool(world, 0, async (pool) => {
      const prepared = await fixedRollouts(pool);
      // What a stage of another method is: the same settings from another starting point.
      const seen = new Map<string, string>();
      const byLoss = new Map<string, number[]>();
      for (const name of Object.keys(methods)) {
        const settings = settingsOf(name);
        const key = JSON.stringify(settings);
        if (settings === undefined || seen.has(key)) continue;
        seen.set(key, name);
        const listened = listening(pool);
        await optimizeTiny(world, listened.pool, { ...settings, options: { prepared } });
        expect(listened.losses, name).toHaveLength(6);
        byLoss.set(
          name,
          [0, 1].map((epoch) => listened.losses.slice(3 * epoch, 3 * epoch + 3).reduce((a, b) => a + b)),
        );
      }
      const unguided = (name: string) => JSON.stringify({ ...settingsOf(name), guidance: 0 });
      const entries = [...byLoss];
      expect(entries.length).toBeGreaterThan(14);
      for (const [index, [name, losses]] of entries.entries()) {
        for (const [other, otherLosses] of entries.slice(index + 1)) {
          // Without guidance, DGPO without a cold start and PPO after one are PPO.
          const twins =
            unguided(name) === unguided(other) && [name, other].every((n) => settingsOf(n)?.guidance.gate === 'never');
          if (!twins)
            expect(Math.abs((losses[1] as number) - (otherLosses[1] as number)), `${name}, ${other}`).toBeGreaterThan(
              1e-6,
            );
        }
      }
      // The ratio of a whole episode is 1 at first: GSPO and GRPO part with the first step.
      expect(byLoss.get('gspo')?.[0]).toBeCloseTo(byLoss.get('grpo')?.[0] as number, 6);
    }));
});

describe('the gate', () => {
  it.each([
    ['incorrect', [0, 1, 1, 1]],
    ['always', [1, 1, 1, 1]],
    ['groupAllFail', [0, 0, 0, 0]],
    ['lowReward', [0, 1, 1, 0]],
  ] as const)('%s is measured for gated and ungated rows apart', (gate, first) =>
    withPool(world, 0, async (pool) => {
      const prepared = await fixedRollouts(pool);
      for (const algorithm of ['ppo', 'rloo'] as const) {
        const guidance: RlSettings['guidance'] = { ...tinySettings.guidance, gate, threshold: 0.3 };
        const { metrics } = await optimizeTiny(world, pool, {
          ...settingsOf('ppo'),
          algorithm,
          guidance,
          options: { prepared: { ...prepared, chosen: [0, 1, 2, 3] } },
        });
        const gated = first.reduce<number>((sum, value) => sum + value, 0);
        expect(metrics[0]).toMatchObject({ 'gated/rows': gated, 'ungated/rows': 4 - gated, gated_fraction: gated / 4 });
        const tokens = (metrics[0]?.['gated/tokens'] ?? 0) + (metrics[0]?.['ungated/tokens'] ?? 0);
        const entropy =
          (metrics[0]?.['gated/entropy'] ?? 0) * (metrics[0]?.['gated/tokens'] ?? 0) +
          (metrics[0]?.['ungated/entropy'] ?? 0) * (metrics[0]?.['ungated/tokens'] ?? 0);
        expect(entropy / tokens).toBeGreaterThan(0.5);
        expect(Number.isFinite(metrics[0]?.['gated/beta_kl_sum'])).toBe(true);
      }
    }),
  );
});

describe('a KL controller', () => {
  it('moves β by the KL of gated rows, also over a resume', () =>
    withPool(world, 0, async (pool) => {
      const guidance: RlSettings['guidance'] = {
        ...tinySettings.guidance,
        controller: { type: 'adaptive', targetKl: 1e-3, horizon: 100 },
      };
      const { metrics } = await optimizeTiny(world, pool, { guidance, maxSteps: 3 });
      const betas = metrics.map(({ guidance_beta }) => guidance_beta as number);
      expect(betas[0]).toBe(0.01);
      const error = Math.min(0.2, Math.max(-0.2, (metrics[0]?.kl as number) / 1e-3 - 1));
      expect(betas[1]).toBeCloseTo(0.01 * (1 + (error * 8) / 100), 12);
      const resumed = await optimizeTiny(world, pool, {
        guidance,
        maxSteps: 3,
        options: { firstStep: 3, history: metrics.slice(0, 2) },
      });
      expect(resumed.metrics[0]?.guidance_beta).toBe(betas[2]);
    }));
});
