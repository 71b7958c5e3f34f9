import { afterAll, beforeAll, expect, it } from 'vitest';
import { distillSchema } from '../src/recipe/distill-section.js';
import { demonstration } from '../src/train/distillation/demonstrations.js';
import { trainDistillation } from '../src/train/distillation/train-distillation.js';
import { playEpisodes } from '../src/train/play-episodes.js';
import {
  createTinyModels,
  openTinyWorld,
  optimizeTiny,
  parametersDigest,
  type TinyWorld,
  tasks,
  withPool,
} from './tiny-world.js';

let world: TinyWorld;
beforeAll(async () => {
  world = await openTinyWorld();
});
afterAll(() => world.close());

const optimize = (seed: number) => withPool(world, 0, (pool) => optimizeTiny(world, pool, { options: { seed } }));

const coldStart = (seed: number) =>
  withPool(world, 0, async (pool) => {
    const { student, critic } = await createTinyModels(world, pool);
    const episodes = await playEpisodes({
      ...world.playground(pool),
      policy: 'expert',
      tasks,
      temperature: 0,
      seed: 1,
    });
    await trainDistillation({
      settings: distillSchema.parse({ numTrainEpochs: 2, batchSize: 2, microBatchSize: 1, warmupSteps: 0 }),
      pool,
      student,
      teacher: 'teacher',
      demonstrations: episodes.map(demonstration),
      seed,
      onStep: () => undefined,
    });
    const digest = await parametersDigest(student);
    student.dispose();
    critic.dispose();
    return digest;
  });

it.each([
  ['policy optimisation', async (seed: number) => (await optimize(seed)).digests.student],
  ['the critic', async (seed: number) => (await optimize(seed)).digests.critic],
  ['cold start', coldStart],
])('%s: the same seed gives the same bytes, another seed does not', async (_, train) => {
  const [first, again, other] = [await train(6), await train(6), await train(7)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});
