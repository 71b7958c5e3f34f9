import { type LearningRateOptions, learningRateAt } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import type { ColdStartJob, LanguageModelJob } from '../compute/jobs.js';
import { type ScoredRow, scoredCount } from '../compute/scored-rows.js';
import { microBatches } from './micro-batches.js';
import type { TrainedModel } from './trained-model.js';

export interface ColdStartOptions {
  student: TrainedModel;
  /** Name of the teacher in the workers; without it there is only cross-entropy (SeqKD, supervised training). */
  teacher?: string;
  /** Correct episodes; the mask marks the tokens of the policy. */
  rows: readonly ScoredRow[];
  numTrainEpochs: number;
  batchSize: number;
  microBatchSize: number;
  schedule: Omit<LearningRateOptions, 'maxSteps'>;
  ceWeight: number;
  klWeight: number;
  seed: number;
  /** First update to run, after a resume. @default 1 */
  firstStep?: number;
  onStep: (step: number, metrics: Record<string, number>) => void | Promise<void>;
  signal?: AbortSignal | undefined;
}

/** Number of updates of a cold start. */
export function coldStartSteps(options: { episodes: number; numTrainEpochs: number; batchSize: number }): number {
  return options.numTrainEpochs * Math.ceil(options.episodes / options.batchSize);
}

/**
 * Phase 1 of DGPO: `ceWeight · CE + klWeight · KL(teacher ‖ student)` on the policy tokens of correct teacher episodes, mean over the
 * tokens of the mini-batch (the paper's CE + λ·KL with λ = 1). Every epoch sees the episodes in an order of its own.
 */
export async function trainColdStart(options: ColdStartOptions): Promise<void> {
  const { student, teacher, rows, numTrainEpochs, batchSize, microBatchSize, firstStep = 1 } = options;
  const perEpoch = Math.ceil(rows.length / batchSize);
  const maxSteps = coldStartSteps({ episodes: rows.length, numTrainEpochs, batchSize });
  const random = createRandom(options.seed).split('cold-start');
  for (let step = firstStep; step <= maxSteps; step++) {
    options.signal?.throwIfAborted();
    const epoch = Math.floor((step - 1) / perEpoch);
    const order = random.split('epoch', epoch).shuffle(rows);
    const start = ((step - 1) % perEpoch) * batchSize;
    const batch = order.slice(start, start + batchSize);
    const total = batch.reduce((sum, row) => sum + scoredCount(row), 0);
    const learningRate = learningRateAt({ ...options.schedule, maxSteps }, step);
    const jobs = microBatches({ rows: batch, microBatchSize }).map((indices): ColdStartJob | LanguageModelJob => {
      const own = indices.map((index) => batch[index] as ScoredRow);
      const { ceWeight, klWeight } = options;
      const guided = teacher !== undefined && klWeight > 0;
      const weights = new Float32Array(own.reduce((sum, row) => sum + scoredCount(row), 0));
      weights.fill((guided ? 1 : ceWeight) / total);
      if (!guided) return { kind: 'language-model', model: student.name, rows: own, weights };
      return { kind: 'cold-start', student: student.name, teacher, rows: own, weights, ceWeight, klWeight };
    });
    const { loss, gradientNorm, metrics } = await student.update({ jobs, learningRate });
    await options.onStep(step, {
      loss,
      ...(metrics.crossEntropy === undefined ? {} : { cross_entropy: metrics.crossEntropy, kl: metrics.kl as number }),
      grad_norm: gradientNorm,
      lr: learningRate,
      epoch: step / perEpoch,
      num_tokens: batch.reduce((sum, row) => sum + row.tokenIds.length, 0),
    });
  }
}
