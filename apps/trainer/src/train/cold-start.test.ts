import { expect, it } from 'vitest';
import type { ColdStartJob, LanguageModelJob } from '../compute/jobs.js';
import { coldStartSteps, trainColdStart } from './cold-start.js';
import type { TrainedModel } from './trained-model.js';

type Jobs = readonly (ColdStartJob | LanguageModelJob)[];

const numbers = Array.from({ length: 11 }, (_, row) => row);

/** Rows of 1 to 11 scored tokens after a prompt of one token, which is the number of the row. */
const rows = numbers.map((row) => ({
  tokenIds: new Int32Array(row + 2).fill(row),
  mask: new Uint8Array(row + 2).fill(1, 1),
}));

async function jobsOf(weights: { ceWeight: number; klWeight: number }): Promise<Jobs[]> {
  const updates: Jobs[] = [];
  const student: Pick<TrainedModel, 'name' | 'update'> = {
    name: 'student',
    update: async ({ jobs }) => {
      updates.push(jobs as Jobs);
      return { loss: 0, gradientNorm: 0, skipped: false, metrics: {} };
    },
  };
  await trainColdStart({
    student: student as TrainedModel,
    teacher: 'teacher',
    rows,
    numTrainEpochs: 2,
    batchSize: 3,
    microBatchSize: 2,
    schedule: { learningRate: 1 },
    seed: 1,
    onStep: () => undefined,
    ...weights,
  });
  return updates;
}

it('sees every episode once an epoch, in an order of its own', async () => {
  const updates = await jobsOf({ ceWeight: 1, klWeight: 1 });
  expect(updates).toHaveLength(coldStartSteps({ episodes: rows.length, numTrainEpochs: 2, batchSize: 3 }));
  const seen = updates.map((jobs) => jobs.flatMap((job) => job.rows.map(({ tokenIds }) => tokenIds[0] ?? -1)));
  const epochs = [seen.slice(0, 4), seen.slice(4)];
  for (const epoch of epochs) expect(epoch.flat().sort((a, b) => a - b)).toEqual(numbers);
  expect(epochs[1]).not.toEqual(epochs[0]);
});

it.each([
  [{ ceWeight: 0.25, klWeight: 1 }, 'cold-start', 1],
  [{ ceWeight: 0.25, klWeight: 0 }, 'language-model', 0.25],
] as const)('the loss is a mean over the tokens of the mini-batch: %j', async (weights, kind, total) => {
  for (const jobs of await jobsOf(weights)) {
    expect(new Set(jobs.map((job) => job.kind))).toEqual(new Set([kind]));
    const all = jobs.flatMap((job) => [...job.weights]);
    expect(new Set(all).size).toBe(1);
    expect(all.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(total, 6);
  }
});
