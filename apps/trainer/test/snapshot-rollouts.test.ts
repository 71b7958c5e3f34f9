import { afterAll, beforeAll, expect, it } from 'vitest';
import { publishingPool } from '../src/rollout/rollout-executor.js';
import { createSnapshotExecutor } from '../src/rollout/snapshot-executor.js';
import { playEpisodes } from '../src/train/play-episodes.js';
import { openTinyWorld, type TinyWorld, tasks, tinyParameters, withPool } from './tiny-world.js';

let world: TinyWorld;
beforeAll(async () => {
  world = await openTinyWorld();
});
afterAll(() => world.close());

it('episodes that are played during an update keep the weights from before it', async () => {
  await withPool(world, 2, async (pool) => {
    const play = {
      ...world.playground(pool),
      policy: { model: 'student' },
      tasks,
      temperature: 1,
      seed: 5,
      batchSize: 2,
    };
    const shared = new Float32Array(new SharedArrayBuffer(4 * tinyParameters(world, 1).length));
    const model = (seed: number) => {
      shared.set(tinyParameters(world, seed));
      return { kind: 'model', name: 'student', config: world.config, valueHead: false, weights: shared } as const;
    };
    const seeds = [3, 7, 3];
    const expected: string[] = [];
    for (const seed of seeds) {
      await pool.broadcast(model(seed));
      expected.push(JSON.stringify(await playEpisodes(play)));
    }
    const executor = createSnapshotExecutor(pool);
    const training = publishingPool(pool, executor);
    const played: Promise<unknown>[] = [];
    for (const seed of seeds) {
      await training.broadcast(model(seed));
      played.push(playEpisodes({ ...play, executor }));
    }
    expect((await Promise.all(played)).map((episodes) => JSON.stringify(episodes))).toEqual(expected);
    expect(expected[0]).not.toBe(expected[1]);
  });
});

it('a model that nobody published does not play', async () => {
  await withPool(world, 0, async (pool) => {
    const executor = createSnapshotExecutor(pool);
    const playing = playEpisodes({
      ...world.playground(pool),
      executor,
      policy: { model: 'student' },
      tasks,
      temperature: 1,
      seed: 5,
    });
    await expect(playing).rejects.toThrow(/no weights were published of model "student"/);
  });
});
