import { expect, it } from 'vitest';
import type { ComputePool } from '../compute/pool.js';
import { createPoolTeacher } from './create-pool-teacher.js';

/** Scores are the ids of the scored tokens. */
function echoPool() {
  const jobs: { rows: number; temperature: number }[] = [];
  const run = async (given: readonly object[]) =>
    given.map((job) => {
      const { rows, temperature } = job as { rows: { tokenIds: Int32Array; mask: Uint8Array }[]; temperature: number };
      jobs.push({ rows: rows.length, temperature });
      return Float32Array.from(
        rows.flatMap(({ tokenIds, mask }) => [...tokenIds].filter((_, index) => index > 0 && mask[index] === 1)),
      );
    });
  return { pool: { run: run as unknown as ComputePool['run'] }, jobs };
}

it('gives each row its scores, whatever the micro-batches', async () => {
  const rows = [
    { tokenIds: [1, 2, 3], mask: [1, 0, 1] },
    { tokenIds: [4], mask: [1] },
    { tokenIds: [5, 6, 7, 8], mask: [0, 1, 1, 1] },
    { tokenIds: [9, 10], mask: [0, 1] },
  ];
  for (const microBatchSize of [1, 2, 8]) {
    const { pool, jobs } = echoPool();
    const scores = await createPoolTeacher({ pool, model: 'm', temperature: 0.5, microBatchSize }).score(rows);
    expect(scores.map(({ logProbs }) => [...logProbs])).toEqual([[3], [], [6, 7, 8], [10]]);
    expect(jobs.reduce((sum, job) => sum + job.rows, 0)).toBe(3);
    expect(jobs.every((job) => job.temperature === 0.5)).toBe(true);
  }
});

it('refuses what it cannot use', async () => {
  const { pool } = echoPool();
  expect(() => createPoolTeacher({ pool, model: 'm', temperature: 0 })).toThrow(/temperature: must be above 0/);
  expect(() => createPoolTeacher({ pool, model: 'm', microBatchSize: 0 })).toThrow(
    /microBatchSize: must be an integer/,
  );
  const gone = { signal: AbortSignal.abort(new Error('enough')) };
  await expect(createPoolTeacher({ pool, model: 'm' }).score([], gone)).rejects.toThrow('enough');
});
