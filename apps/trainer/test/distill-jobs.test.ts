import { coldStartLoss, type DivergenceName, divergence, taidLoss } from '@dgpo/distill';
import { createDecoder, type Decoder, hiddenStates, outputEmbedding, setParameters, tokenBatch } from '@dgpo/lm';
import { policyLoss } from '@dgpo/rl';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DistillJob } from '../src/compute/distill-job.js';
import type { GradientResult } from '../src/compute/gradient.js';
import type { ComputePool } from '../src/compute/pool.js';
import { scoredCount, scoredPositions } from '../src/compute/scored-rows.js';
import { type DistillSettings, distillSchema } from '../src/recipe/distill-section.js';
import { distillJobs } from '../src/train/distillation/distill-jobs.js';
import { sampledAdvantages } from '../src/train/distillation/sampled-guide.js';
import { scoreRows } from '../src/train/distillation/score-rows.js';
import { type EpisodeRow, episodeRow } from '../src/train/episode-rows.js';
import { playEpisodes } from '../src/train/play-episodes.js';
import { openTinyWorld, type TinyWorld, tasks, tinyParameters, withPool } from './tiny-world.js';

let world: TinyWorld;
beforeAll(async () => {
  world = await openTinyWorld();
});
afterAll(() => world.close());

const taidT = 0.3;

const sections: Record<string, Parameters<typeof distillSchema.parse>[0]> = {
  sft: { objective: 'sft' },
  kd: { objective: 'kd', ceWeight: 0.5 },
  gkd: { objective: 'gkd', divergence: { name: 'js', beta: 0.3 } },
  distillm: { objective: 'distillm', divergence: { name: 'skew-fkl' } },
  taid: { objective: 'taid', divergence: { temperature: 1.5 } },
  minillm: { objective: 'minillm', onPolicy: { temperature: 0.8 } },
  opd: { objective: 'opd', onPolicy: { temperature: 0.8 } },
};

const objectives = Object.entries(sections).map(([name, section]): [string, DistillSettings] => [
  name,
  distillSchema.parse(section),
]);

/** One batch of eight episodes with what was sampled in them, the same for every objective. */
async function fixedBatch(pool: ComputePool) {
  const episodes = await playEpisodes({
    ...world.playground(pool),
    policy: { model: 'sampled' },
    tasks: tasks.slice(0, 4),
    samplesPerTask: 2,
    temperature: 0.8,
    seed: 3,
  });
  const rows = episodes.map(episodeRow);
  const teacherLogProbs = await scoreRows({ pool, model: 'teacher', rows, microBatchSize: 3, temperature: 0.8 });
  return { rows, teacherLogProbs };
}

type Batch = Awaited<ReturnType<typeof fixedBatch>>;

function jobsOf(settings: DistillSettings, { rows, teacherLogProbs }: Batch, microBatchSize: number): DistillJob[] {
  const { objective } = settings;
  const oldLogProbs = rows.map(({ logProbs }) => logProbs);
  const sampled =
    objective === 'minillm' || objective === 'opd'
      ? { oldLogProbs, ...sampledAdvantages({ objective, studentLogProbs: oldLogProbs, teacherLogProbs }) }
      : undefined;
  return distillJobs({
    settings: { ...settings, microBatchSize },
    student: 'sampled',
    teacher: 'teacher',
    rows,
    taidT,
    sampled,
  });
}

const lossOf = (results: readonly GradientResult[]) => results.reduce((sum, { loss }) => sum + loss, 0);

function decoderOf(seed: number): Decoder {
  const decoder = createDecoder({ config: world.config });
  setParameters(decoder, tinyParameters(world, seed));
  return decoder;
}

/** Whole logits of the scored tokens, row by row. */
function wholeLogits(decoder: Decoder, rows: readonly EpisodeRow[]): tf.Tensor2D {
  return tf.tidy(() => {
    const parts = rows.map((row) => {
      const batch = tokenBatch({ sequences: [row.tokenIds] });
      const { hiddenRows } = scoredPositions([row], batch.time);
      const states = tf.gather(hiddenStates(decoder, batch) as tf.Tensor2D, tf.tensor1d(hiddenRows, 'int32'));
      batch.dispose();
      return tf.matMul(states as tf.Tensor2D, outputEmbedding(decoder) as tf.Tensor2D, false, true);
    });
    return tf.concat(parts, 0) as tf.Tensor2D;
  });
}

/** The loss by the pure functions on whole logits. */
function expectedLoss(settings: DistillSettings, { rows, teacherLogProbs }: Batch): number {
  const [student, teacher] = [decoderOf(3), decoderOf(2)];
  const value = tf.tidy(() => {
    const studentLogits = wholeLogits(student, rows);
    const teacherLogits = wholeLogits(teacher, rows);
    const count = rows.reduce((sum, row) => sum + scoredCount(row), 0);
    const weights = tf.fill([count], 1 / count) as tf.Tensor1D;
    const targets = rows.flatMap((row) => [...scoredPositions([row], row.tokenIds.length).targets]);
    const chosen = tf.oneHot(tf.tensor1d(targets, 'int32'), world.config.vocabularySize);
    const logProbsAt = (temperature: number) =>
      tf.sum(tf.mul(tf.logSoftmax(tf.div(studentLogits, temperature) as tf.Tensor2D), chosen), 1);
    const total = (values: tf.Tensor) => tf.sum(tf.mul(values, weights));
    const { objective, divergence: chosenDivergence, ceWeight, klWeight } = settings;
    const compare = (name: DivergenceName, temperature: number) =>
      divergence({ ...chosenDivergence, name, temperature, studentLogits, teacherLogits });
    const sampled = (kind: 'minillm' | 'opd') => {
      const studentLogProbs = rows.map(({ logProbs }) => logProbs);
      const { advantages } = sampledAdvantages({ objective: kind, studentLogProbs, teacherLogProbs });
      const flat = (parts: readonly Float32Array[]) => tf.tensor1d(parts.flatMap((part) => [...part]));
      return policyLoss({
        logProbs: logProbsAt(0.8),
        oldLogProbs: flat(studentLogProbs),
        advantages: flat(advantages),
        weights,
      }).loss;
    };
    switch (objective) {
      case 'sft':
        return tf.neg(total(logProbsAt(1)));
      case 'kd':
        return coldStartLoss({ logProbs: logProbsAt(1), kl: compare('fkl', 1), weights, ceWeight, klWeight }).loss;
      case 'taid':
        return taidLoss({ studentLogits, teacherLogits, t: taidT, weights, temperature: 1.5 }).loss;
      case 'minillm':
        return tf.add(total(compare('rkl', 0.8)), sampled('minillm'));
      case 'opd':
        return sampled('opd');
      default:
        return total(compare(chosenDivergence.name, chosenDivergence.temperature));
    }
  });
  const [loss = Number.NaN] = value.dataSync();
  value.dispose();
  student.dispose();
  teacher.dispose();
  return loss;
}

describe('on one fixed batch', () => {
  it.each(objectives)('%s: the loss of the jobs is that of the pure functions on whole logits', (_, settings) =>
    withPool(world, 0, async (pool) => {
      const batch = await fixedBatch(pool);
      expect(batch.rows).toHaveLength(8);
      const loss = lossOf(await pool.run(jobsOf(settings, batch, 8)));
      expect(Math.abs(loss)).toBeGreaterThan(1e-3);
      expect(Math.abs(loss - expectedLoss(settings, batch))).toBeLessThan(1e-5 * Math.max(1, Math.abs(loss)));
    }),
  );

  it.each([
    ['fkl', 1],
    ['fkl', 2],
    ['rkl', 1],
    ['rkl', 0.5],
    ['js', 1],
    ['skew-fkl', 2],
    ['skew-rkl', 1],
    ['tvd', 1],
    ['adaptive-kl', 1],
  ] as const)('kd over %s at temperature %d', (name, temperature) =>
    withPool(world, 0, async (pool) => {
      const batch = await fixedBatch(pool);
      const section = { ceWeight: 0, klWeight: 1, divergence: { name, temperature, beta: 0.3, lambda: 0.2 } };
      const loss = lossOf(await pool.run(jobsOf(distillSchema.parse(section), batch, 8)));
      // The same loss without own episodes.
      const expected = expectedLoss(distillSchema.parse({ ...section, objective: 'gkd' }), batch);
      expect(loss).toBeGreaterThan(1e-3);
      expect(Math.abs(loss - expected)).toBeLessThan(1e-5 * Math.max(1, loss));
    }),
  );

  it('every objective has a loss of its own', () =>
    withPool(world, 0, async (pool) => {
      const batch = await fixedBatch(pool);
      const losses: number[] = [];
      for (const [, settings] of objectives) losses.push(lossOf(await pool.run(jobsOf(settings, batch, 8))));
      const sorted = losses.toSorted((a, b) => a - b);
      const gaps = sorted.slice(1).map((loss, index) => loss - (sorted[index] as number));
      expect(Math.min(...gaps)).toBeGreaterThan(1e-3);
    }));

  it('gkd without own episodes is kd without cross-entropy', () =>
    withPool(world, 0, async (pool) => {
      const batch = await fixedBatch(pool);
      const gkd = distillSchema.parse({ objective: 'gkd', onPolicy: { fraction: 0 }, divergence: { name: 'tvd' } });
      const kd = distillSchema.parse({ objective: 'kd', ceWeight: 0, divergence: { name: 'tvd' } });
      expect(await pool.run(jobsOf(kd, batch, 4))).toEqual(await pool.run(jobsOf(gkd, batch, 4)));
    }));

  it.each(objectives)('%s: neither the order of rows nor padding matters', (_, settings) =>
    withPool(world, 0, async (pool) => {
      const batch = await fixedBatch(pool);
      const loss = lossOf(await pool.run(jobsOf(settings, batch, 8)));
      const { rows, teacherLogProbs } = batch;
      const turned = { rows: rows.toReversed(), teacherLogProbs: teacherLogProbs.toReversed() };
      // One row a micro-batch has no padding at all.
      for (const [other, size] of [
        [turned, 8],
        [batch, 1],
      ] as const) {
        const again = lossOf(await pool.run(jobsOf(settings, other, size)));
        expect(Math.abs(again - loss)).toBeLessThan(1e-5 * Math.max(1, Math.abs(loss)));
      }
    }),
  );

  // The others have a part that is no function of the student: the sampled advantages, or a target made of the student itself.
  it.each(objectives.filter(([name]) => !['minillm', 'opd', 'taid'].includes(name)))(
    '%s: the gradient is that of the loss with the teacher held',
    (_, settings) =>
      withPool(world, 0, async (pool) => {
        const batch = await fixedBatch(pool);
        const jobs = jobsOf(settings, batch, 8);
        const [result] = await pool.run(jobs);
        const gradients = result?.gradients as Float32Array;
        const parameters = tinyParameters(world, 3);
        const norm = Math.hypot(...gradients);
        const step = 2e-3;
        const moved = async (sign: number) => {
          const weights = parameters.map((value, index) => value + (sign * step * (gradients[index] as number)) / norm);
          await pool.broadcast({ kind: 'model', name: 'sampled', config: world.config, valueHead: false, weights });
          return lossOf(await pool.run(jobs));
        };
        const slope = ((await moved(1)) - (await moved(-1))) / (2 * step);
        expect(Math.abs(slope - norm)).toBeLessThan(0.01 * norm);
      }),
  );

  it('a teacher with another vocabulary is refused', () =>
    withPool(world, 0, async (pool) => {
      const batch = await fixedBatch(pool);
      const config = { ...world.config, vocabularySize: world.config.vocabularySize + 1 };
      const decoder = createDecoder({ config });
      const size = [...decoder.parameters.values()].reduce((sum, { size: own }) => sum + own, 0);
      decoder.dispose();
      const weights = new Float32Array(size);
      await pool.broadcast({ kind: 'model', name: 'teacher', config, valueHead: false, weights });
      await expect(pool.run(jobsOf(distillSchema.parse({}), batch, 8))).rejects.toThrow(
        /the student has a vocabulary of \d+ and the teacher one of \d+/,
      );
    }));
});
