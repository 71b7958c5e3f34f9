import { expect, it } from 'vitest';
import { distillSchema } from '../../recipe/distill-section.js';
import { distillJobs } from './distill-jobs.js';

/** Rows of 1 to 5 scored tokens after a prompt of one. */
const rows = Array.from({ length: 5 }, (_, row) => ({
  tokenIds: new Int32Array(row + 2).fill(row),
  mask: new Uint8Array(row + 2).fill(1, 1),
}));

it.each(['sft', 'kd', 'gkd', 'distillm', 'taid'] as const)('%s: a mean over the tokens of all rows', (objective) => {
  const settings = distillSchema.parse({ objective, batchSize: 6, microBatchSize: 2 });
  const jobs = distillJobs({ settings, student: 'student', teacher: 'teacher', rows });
  expect(jobs.map((job) => job.rows.length)).toEqual([2, 2, 1]);
  expect(new Set(jobs.flatMap((job) => [...job.weights]))).toEqual(new Set([Math.fround(1 / 15)]));
  expect(jobs.reduce((sum, job) => sum + job.weights.length, 0)).toBe(15);
  expect(new Set(jobs.map((job) => job.ceWeight))).toEqual(
    new Set([objective === 'sft' || objective === 'kd' ? 1 : 0]),
  );
  expect(new Set(jobs.map((job) => job.teacher))).toEqual(new Set([objective === 'sft' ? undefined : 'teacher']));
});

it('what was sampled goes with its row into its micro-batch', () => {
  const settings = distillSchema.parse({ objective: 'opd', batchSize: 6, microBatchSize: 2 });
  const perRow = rows.map((_, row) => new Float32Array(row + 1).fill(row));
  const sampled = { oldLogProbs: perRow, advantages: perRow };
  for (const job of distillJobs({ settings, student: 'student', rows, sampled })) {
    const expected = job.rows.flatMap(({ tokenIds }) => [...tokenIds.slice(1)]);
    expect([...(job.sampled?.advantages ?? [])]).toEqual(expected);
    expect([...(job.sampled?.oldLogProbs ?? [])]).toEqual(expected);
    expect(job.guide).toBeUndefined();
  }
});
