import type { Trajectory } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job, JobResult, ValueJob } from '../src/compute/jobs.js';
import type { PolicyJob } from '../src/compute/policy-job.js';
import type { ComputePool } from '../src/compute/pool.js';
import { scoredCount } from '../src/compute/scored-rows.js';
import { type EpisodeRow, episodeRow } from '../src/train/episode-rows.js';
import { cutRows } from '../src/train/token-grid.js';
import { openTinyWorld, optimizeTiny, type TinyWorld, tinyParameters, tinySettings, withPool } from './tiny-world.js';

let world: TinyWorld;
beforeAll(async () => {
  world = await openTinyWorld();
});
afterAll(() => world.close());

/** An untrained model answers nothing, so every other episode is called correct. */
function rewardEveryOther(episodes: Trajectory[]): Trajectory[] {
  return episodes.map((episode, index) =>
    index % 2 === 0 ? episode : { ...episode, outcome: { ...episode.outcome, correct: true, reward: 1 } },
  );
}

/** A pool that keeps the jobs it was given, and may judge episodes anew. */
function recording(
  pool: ComputePool,
  judge: (episodes: Trajectory[]) => Trajectory[],
): { pool: ComputePool; jobs: Job[] } {
  const jobs: Job[] = [];
  return {
    jobs,
    pool: {
      ...pool,
      run: async <J extends Job>(list: readonly J[]) => {
        jobs.push(...list);
        const results = await pool.run(list);
        return results.map((result, index) =>
          list[index]?.kind === 'episodes' ? (judge(result as Trajectory[]) as JobResult<J>) : result,
        );
      },
    },
  };
}

const ofKind = <K extends Job['kind']>(jobs: readonly Job[], kind: K) =>
  jobs.filter((job): job is Extract<Job, { kind: K }> => job.kind === kind);

const key = (row: { tokenIds: Int32Array }) => row.tokenIds.join();

/** The jobs and episodes of one update. */
async function oneUpdate(
  changes: Parameters<typeof optimizeTiny>[2] = {},
  judge: (episodes: Trajectory[]) => Trajectory[] = (episodes) => episodes,
) {
  let episodes: readonly Trajectory[] = [];
  const jobs = await withPool(world, 0, async (pool) => {
    const recorded = recording(pool, judge);
    await optimizeTiny(world, recorded.pool, {
      maxSteps: 1,
      ...changes,
      options: {
        ...changes.options,
        onStep: async (_step, _metrics, played) => {
          episodes = played;
          return false;
        },
      },
    });
    return recorded.jobs;
  });
  return { jobs, episodes };
}

/** One array of all jobs, cut into rows, by the tokens of the row. */
function byRow<J extends PolicyJob | ValueJob>(jobs: readonly J[], read: (job: J) => Float32Array) {
  return new Map(
    jobs.flatMap((job) => {
      const parts = cutRows(read(job), job.rows.map(scoredCount));
      return job.rows.map((row, index): [string, Float32Array] => [key(row), parts[index] as Float32Array]);
    }),
  );
}

describe('the jobs of an update', () => {
  it('score exactly the tokens that the policy sampled', async () => {
    const { jobs, episodes } = await oneUpdate();
    const rows = new Map(episodes.map((episode) => [key(episodeRow(episode)), episode]));
    const policyJobs = ofKind(jobs, 'policy');
    expect(policyJobs.flatMap((job) => job.rows)).toHaveLength(episodes.length);
    expect(episodes.some(({ segments }) => segments.some(({ kind }) => kind === 'observation'))).toBe(true);
    for (const row of policyJobs.flatMap((job) => job.rows as EpisodeRow[])) {
      const { segments } = rows.get(key(row)) as Trajectory;
      const expected = segments.flatMap(({ kind, tokenIds = [] }) => tokenIds.map(() => (kind === 'policy' ? 1 : 0)));
      expect([...row.mask]).toEqual(expected);
    }
    const oldLogProbs = byRow(policyJobs, (job) => job.oldLogProbs);
    for (const [tokens, episode] of rows) {
      const sampled = episode.segments.flatMap(({ kind, logProbs = [] }) => (kind === 'policy' ? logProbs : []));
      expect([...(oldLogProbs.get(tokens) ?? [])]).toEqual(sampled.map(Math.fround));
    }
  });

  it('carry advantages with mean 0 and variance 1 over the tokens of the whole update', async () => {
    const { jobs } = await oneUpdate();
    const advantages = ofKind(jobs, 'policy').flatMap((job) => [...job.advantages]);
    const mean = advantages.reduce((sum, value) => sum + value, 0) / advantages.length;
    const variance = advantages.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (advantages.length - 1);
    expect(Math.abs(mean)).toBeLessThan(1e-4);
    expect(Math.abs(variance - 1)).toBeLessThan(1e-4);
  });

  it('carry the value of the state in which each token was sampled', async () => {
    const { jobs } = await oneUpdate();
    const valueJobs = ofKind(jobs, 'value');
    const oldValues = byRow(valueJobs, (job) => job.oldValues);
    const rows = valueJobs.flatMap((job) => job.rows);
    await withPool(world, 0, async (pool) => {
      const weights = tinyParameters(world, 5, true);
      await pool.broadcast({ kind: 'model', name: 'critic', config: world.config, valueHead: true, weights });
      for (const row of rows.slice(0, 3)) {
        const positions = [...row.mask.keys()].filter((index) => row.mask[index] === 1);
        // Of a prefix only the last token is scored, and that token is replaced: its value cannot depend on it.
        const prefixes = positions.map((index) => {
          const tokenIds = row.tokenIds.slice(0, index + 1);
          tokenIds[index] = 7;
          return { tokenIds, mask: new Uint8Array(index + 1).fill(1, index) };
        });
        const [expected] = await pool.run([
          { kind: 'score', model: 'critic', what: 'values', rows: prefixes, temperature: 1 },
        ]);
        const actual = oldValues.get(key(row)) as Float32Array;
        expect(actual).toHaveLength(positions.length);
        positions.forEach((_, index) => {
          expect(actual[index]).toBeCloseTo(expected?.[index] as number, 4);
        });
      }
    });
  });

  it('ask the critic about retrieved tokens with the legacy GAE alone', async () => {
    const tokens = async (gaeMode: 'legacy' | 'skip-observations') => {
      const { jobs } = await oneUpdate({ gaeMode });
      const count = (kind: 'policy' | 'value') =>
        ofKind(jobs, kind).reduce((sum, { rows }) => sum + rows.reduce((own, row) => own + scoredCount(row), 0), 0);
      return [count('policy'), count('value')] as const;
    };
    const [policy, value] = await tokens('skip-observations');
    expect(value).toBe(policy);
    const [legacyPolicy, legacyValue] = await tokens('legacy');
    expect(legacyPolicy).toBe(policy);
    expect(legacyValue).toBeGreaterThan(value);
  });

  it('pull only wrong episodes towards the teacher', async () => {
    const { jobs, episodes } = await oneUpdate(
      { guidance: { ...tinySettings.guidance, form: 'loss', estimator: 'full' } },
      rewardEveryOther,
    );
    const guided = byRow(ofKind(jobs, 'policy'), (job) => job.teacher?.weights ?? new Float32Array(0));
    expect(new Set(episodes.map(({ outcome }) => outcome.correct)).size).toBe(2);
    for (const episode of episodes) {
      const row = episodeRow(episode);
      const expected = new Float32Array(scoredCount(row)).fill(episode.outcome.correct ? 0 : 0.01 / 4);
      expect(guided.get(key(row))).toEqual(expected);
    }
  });

  it('play with a seed of their own for every step and every seed', async () => {
    const seeds = async (seed: number) =>
      ofKind((await oneUpdate({ maxSteps: 2, options: { seed } })).jobs, 'episodes').map((job) => job.seed);
    const [first, again, other] = [await seeds(1), await seeds(1), await seeds(2)];
    expect(again).toEqual(first);
    expect(new Set([...first, ...other]).size).toBe(4);
  });
});
