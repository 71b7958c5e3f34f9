import { isDgpoError } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GradientResult } from '../src/compute/gradient.js';
import type { Job, JobResult } from '../src/compute/jobs.js';
import type { ComputePool } from '../src/compute/pool.js';
import { checkRows } from '../src/train/policy/check-rows.js';
import { checkFirstRatio } from '../src/train/policy/first-ratio.js';
import { openTinyWorld, optimizeTiny, type TinyWorld, tinyParameters, withPool } from './tiny-world.js';

let world: TinyWorld;
beforeAll(async () => {
  world = await openTinyWorld();
});
afterAll(() => world.close());

/** A pool that changes the results of policy jobs, and counts them. */
function meddling(pool: ComputePool, change: (result: GradientResult, place: number) => GradientResult): ComputePool {
  let place = 0;
  return {
    ...pool,
    run: async <J extends Job>(jobs: readonly J[]) => {
      const results = await pool.run(jobs);
      return results.map((result, index) =>
        jobs[index]?.kind === 'policy' ? (change(result as GradientResult, place++) as JobResult<J>) : result,
      );
    },
  };
}

const poisoned = (result: GradientResult): GradientResult => ({ ...result, loss: Number.NaN });

describe('a loss that is not finite', () => {
  it('costs its optimiser step, is counted, and leaves every other figure finite', () =>
    withPool(world, 0, async (pool) => {
      // Two micro-batches make a step, four steps an update: the third of the first update is lost.
      const meddled = meddling(pool, (result, place) => (place === 2 ? poisoned(result) : result));
      const { metrics } = await optimizeTiny(world, meddled, { maxSteps: 2, ppoEpochs: 2 });
      expect(metrics.map(({ skipped_updates }) => skipped_updates)).toEqual([1, 0]);
      expect(metrics.flatMap((step) => Object.entries(step)).filter(([, value]) => !Number.isFinite(value))).toEqual(
        [],
      );
    }));

  it('ends the training when it comes again and again, also over updates', () =>
    withPool(world, 0, async (pool) => {
      const failing = meddling(pool, poisoned);
      const changes = { algorithm: 'rloo', maxSteps: 3, maxSkippedUpdates: 3 } as const;
      const steps: number[] = [];
      const onStep = async (step: number) => {
        steps.push(step);
        return false;
      };
      const training = optimizeTiny(world, failing, { ...changes, options: { onStep } });
      await expect(training).rejects.toThrow(/3 optimiser steps in a row were skipped.*loss NaN.*learning rate/);
      await expect(training).rejects.toSatisfy((error) => isDgpoError(error) && error.code === 'MODEL_ERROR');
      expect(steps).toEqual([1]);
      const resumed = optimizeTiny(world, failing, {
        ...changes,
        options: { firstStep: 2, history: [{ skipped_updates_in_row: 2 }] },
      });
      await expect(resumed).rejects.toThrow(/3 optimiser steps in a row/);
    }));
});

describe('before the first step of an update', () => {
  it('a sampler with other weights is found out', () =>
    withPool(world, 0, async (pool) => {
      const other = tinyParameters(world, 9);
      const strange: ComputePool = {
        ...pool,
        run: async <J extends Job>(jobs: readonly J[]) => {
          if (jobs[0]?.kind !== 'episodes') return pool.run(jobs);
          const { config } = world;
          await pool.broadcast({ kind: 'model', name: 'other', config, valueHead: false, weights: other });
          return pool.run(jobs.map((job) => (job.kind === 'episodes' ? { ...job, policy: { model: 'other' } } : job)));
        },
      };
      await expect(optimizeTiny(world, strange)).rejects.toThrow(
        /the ratio of new to old policy is .* and their KL .* nats per token.*the sampler disagrees with the trainer/,
      );
      const { metrics } = await optimizeTiny(world, strange, { recomputeOldLogProbs: true, maxSteps: 1 });
      expect(metrics[0]?.['rollout_corr/k3_kl']).toBeGreaterThan(0.05);
      expect(metrics[0]?.['policy/approxkl_avg']).toBeLessThan(1e-3);
    }));

  it('the ratio is 1 and the KL 0, within float32', () => {
    expect(() => checkFirstRatio({ ratio: 1.0001, approxKl: 1e-7, isRecomputed: true })).not.toThrow();
    expect(() => checkFirstRatio({ ratio: 1.02, approxKl: 1e-7, isRecomputed: true })).toThrow(/ratio .* is 1\.020/);
    expect(() => checkFirstRatio({ ratio: 1, approxKl: 1e-3, isRecomputed: true })).toThrow(/disagrees with itself/);
    expect(() => checkFirstRatio({ ratio: 1.02, approxKl: 1e-3, isRecomputed: false })).not.toThrow();
    expect(() => checkFirstRatio({ ratio: Number.NaN, approxKl: Number.NaN, isRecomputed: true })).not.toThrow();
  });
});

describe('checkRows', () => {
  const row = {
    tokenIds: Int32Array.of(1, 2, 3),
    mask: Uint8Array.of(0, 1, 1),
    logProbs: Float32Array.of(-0.5, 0),
  };
  const check = (change: Partial<typeof row>) => () =>
    checkRows({ rows: [row, { ...row, ...change }], ids: ['a#0', 'b#1'], vocabularySize: 4 });

  it('passes a coherent episode', () => {
    expect(check({})).not.toThrow();
  });

  it.each([
    [{ tokenIds: Int32Array.of(1, 2, 4) }, 'episode b#1: it has the token 4, the vocabulary 4'],
    [{ mask: Uint8Array.of(0, 1) }, '3 tokens and 2 entries in its mask'],
    [{ mask: Uint8Array.of(1, 1, 1), logProbs: Float32Array.of(0, 0, 0) }, '2 tokens of the policy after the first'],
    [{ logProbs: Float32Array.of(-0.5) }, '2 tokens of the policy after the first one and 1 log-probabilities'],
    [{ logProbs: Float32Array.of(-0.5, Number.NaN) }, 'the log-probability of its policy token 1 is NaN'],
    [{ logProbs: Float32Array.of(0.5, -1) }, 'the log-probability of its policy token 0 is 0.5'],
  ])('refuses %j', (change, message) => {
    expect(check(change)).toThrow(message);
  });
});
