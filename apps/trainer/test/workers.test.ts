import type { Trajectory } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LanguageModelJob } from '../src/compute/jobs.js';
import { scoredCount } from '../src/compute/scored-rows.js';
import { episodeRow } from '../src/train/episode-rows.js';
import { playEpisodes } from '../src/train/play-episodes.js';
import { openTinyWorld, optimizeTiny, type TinyWorld, tasks, withPool } from './tiny-world.js';

let world: TinyWorld;
beforeAll(async () => {
  world = await openTinyWorld();
});
afterAll(() => world.close());

const onEach = async <T>(run: (workers: number) => Promise<T>) => Promise.all([0, 1, 2].map(run));

describe('any number of workers', () => {
  it('plays the same episodes, repeated questions included', async () => {
    const play = (workers: number) =>
      withPool(world, workers, async (pool) => {
        const plays: Trajectory[][] = [];
        // Twice: the second time, the samplers of the first are there.
        for (const seed of [8, 9]) {
          plays.push(
            await playEpisodes({
              ...world.playground(pool),
              policy: { model: 'sampled' },
              tasks: [...tasks, ...tasks.slice(0, 3)],
              samplesPerTask: 2,
              temperature: 1,
              seed,
              batchSize: 4,
            }),
          );
        }
        return plays;
      });
    const [inThread, one, two] = await onEach(play);
    expect(one).toEqual(inThread);
    expect(two).toEqual(inThread);
    const [first = [], second = []] = inThread ?? [];
    expect(first.map(({ task }) => task.id)).toEqual([...tasks, ...tasks.slice(0, 3)].flatMap(({ id }) => [id, id]));
    const drawn = first.map(({ task, sample }) => `${task.id}#${sample}`);
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(second).not.toEqual(first);
  });

  it('computes the same gradients', async () => {
    const gradients = await onEach((workers) =>
      withPool(world, workers, async (pool) => {
        const episodes = await playEpisodes({
          ...world.playground(pool),
          policy: 'expert',
          tasks,
          temperature: 0,
          seed: 1,
        });
        const jobs = episodes.map(episodeRow).map(
          (row): LanguageModelJob => ({
            kind: 'language-model',
            model: 'sampled',
            rows: [row],
            weights: new Float32Array(scoredCount(row)).fill(0.1),
          }),
        );
        return pool.run(jobs);
      }),
    );
    expect(gradients[0]?.[0]?.gradients.some((value) => value !== 0)).toBe(true);
    expect(gradients[1]).toEqual(gradients[0]);
    expect(gradients[2]).toEqual(gradients[0]);
  });

  it('trains the same policy and critic, with the same metrics', async () => {
    const [inThread, one, two] = await onEach((workers) =>
      withPool(world, workers, (pool) => optimizeTiny(world, pool)),
    );
    expect(one).toEqual(inThread);
    expect(two).toEqual(inThread);
  });
});
