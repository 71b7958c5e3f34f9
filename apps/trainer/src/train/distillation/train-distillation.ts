import type { TeacherScores } from '@dgpo/distill/teachers';
import { type LearningRateOptions, learningRateAt } from '@dgpo/lm';
import { ConfigError, DatasetError, type Task } from '@dgpo/trajectory';
import type { ComputePool } from '../../compute/pool.js';
import type { ScoredRow } from '../../compute/scored-rows.js';
import { type DistillSettings, usesDemonstrations } from '../../recipe/distill-section.js';
import { episodeMetrics } from '../episode-metrics.js';
import type { Playground } from '../play-episodes.js';
import type { TrainedModel } from '../trained-model.js';
import { stepsOf } from './batch-order.js';
import type { Demonstration } from './demonstrations.js';
import { distillJobs } from './distill-jobs.js';
import { createDistillationState, type DistillationState } from './distillation-state.js';
import { sampledAdvantages } from './sampled-guide.js';
import { scoreRows } from './score-rows.js';
import { type StepRows, stepRows } from './step-rows.js';
import { meanCrossEntropy, validationInterval } from './validation.js';

export interface DistillationOptions {
  settings: DistillSettings;
  pool: ComputePool;
  student: TrainedModel;
  /** Name of the teacher in the workers; needed where its distributions are compared. */
  teacher?: string;
  /** With `minillm` and `opd`: who scores the sampled tokens. @default the teacher in the workers */
  scoreTeacher?: (rows: readonly ScoredRow[]) => Promise<TeacherScores[]>;
  /** Episodes to learn from; the mask marks the tokens of the policy. @default none */
  demonstrations?: readonly Demonstration[];
  /** With `distillm`: held-out episodes of the teacher. @default none */
  validation?: readonly Demonstration[];
  /** Questions for the student, where it plays every episode. @default none */
  tasks?: readonly Task[];
  /** Needed where the student plays. */
  playground?: Playground;
  seed: number;
  /** @default that before the first update */
  state?: DistillationState;
  /** First update to run, after a resume. @default 1 */
  firstStep?: number;
  onStep: (step: number, metrics: Record<string, number>) => void | Promise<void>;
  signal?: AbortSignal | undefined;
}

/** Number of updates of a distillation with so many demonstrations. */
export function distillationSteps(settings: DistillSettings, episodes: number): number {
  return usesDemonstrations(settings) ? stepsOf({ ...settings, episodes }) : settings.maxSteps;
}

function requireData({ settings, demonstrations = [], tasks = [] }: DistillationOptions): void {
  const [found, what] = usesDemonstrations(settings)
    ? [demonstrations.length, 'demonstrations']
    : [tasks.length, 'questions'];
  if (found > 0) return;
  throw new DatasetError(`there are no ${what} to learn from`, { where: `distill (objective: ${settings.objective})` });
}

/** The advantages of what the student sampled, where the objective learns from them. */
async function sampledPart(options: DistillationOptions, { own }: StepRows) {
  const { settings, pool, teacher } = options;
  const { objective, microBatchSize, onPolicy } = settings;
  if (objective !== 'minillm' && objective !== 'opd') return undefined;
  const { temperature } = onPolicy;
  if (options.scoreTeacher !== undefined && temperature !== 1) {
    throw new ConfigError(
      `must be 1 where the teacher is not local: its log-probabilities are those of 1, got ${temperature}`,
      {
        where: 'distill.onPolicy.temperature',
      },
    );
  }
  const score =
    options.scoreTeacher ??
    (async (rows: readonly ScoredRow[]): Promise<TeacherScores[]> => {
      if (teacher === undefined) throw new TypeError(`${objective} needs a teacher`);
      const scores = await scoreRows({ pool, model: teacher, rows, microBatchSize: 2 * microBatchSize, temperature });
      return scores.map((logProbs) => ({ logProbs }));
    });
  const oldLogProbs = own.map(({ logProbs }) => logProbs);
  const teacherLogProbs = (await score(own)).map(({ logProbs }) => logProbs);
  return { oldLogProbs, ...sampledAdvantages({ objective, studentLogProbs: oldLogProbs, teacherLogProbs }) };
}

/** One update; nothing where every episode of the student was broken. */
async function update(
  options: DistillationOptions,
  state: DistillationState,
  { step, maxSteps, batch }: { step: number; maxSteps: number; batch: StepRows },
): Promise<Record<string, number>> {
  const { settings, student, teacher } = options;
  if (batch.rows.length === 0) return {};
  const schedule: LearningRateOptions = {
    learningRate: settings.learningRate,
    warmupSteps: settings.warmupSteps,
    lrSchedulerType: 'cosine',
    maxSteps,
  };
  const learningRate = learningRateAt(schedule, step);
  const sampled = await sampledPart(options, batch);
  const taidT = state.taid?.t;
  const jobs = distillJobs({ settings, student: student.name, teacher, rows: batch.rows, taidT, sampled });
  const { loss, gradientNorm, metrics } = await student.update({ jobs, learningRate });
  const { crossEntropy, divergence, targetCrossEntropy } = metrics;
  if (targetCrossEntropy !== undefined && Number.isFinite(targetCrossEntropy)) {
    state.taid?.update({ loss: targetCrossEntropy, step: step - 1 });
  }
  const isKl = settings.objective === 'taid' || ['fkl', 'rkl'].includes(settings.divergence.name);
  const kl = sampled?.klMean ?? (isKl ? divergence : undefined);
  return {
    loss,
    ...(crossEntropy === undefined ? {} : { cross_entropy: crossEntropy }),
    ...(kl === undefined ? {} : { kl }),
    ...(divergence === undefined || isKl ? {} : { divergence }),
    ...(taidT === undefined ? {} : { taid_t: taidT }),
    grad_norm: gradientNorm,
    lr: learningRate,
    num_tokens: batch.rows.reduce((sum, row) => sum + row.tokenIds.length, 0),
  };
}

/** Holds the loss on held-out outputs of the teacher against the last one. */
async function validate(options: DistillationOptions, state: DistillationState): Promise<Record<string, number>> {
  const { settings, pool, student, validation = [] } = options;
  if (state.adaptive === undefined || validation.length === 0) return {};
  const loss = await meanCrossEntropy({
    pool,
    model: student.name,
    rows: validation,
    microBatchSize: 2 * settings.microBatchSize,
  });
  if (Number.isFinite(loss)) state.adaptive.update(loss);
  return { eval_loss: loss };
}

/**
 * Trains a student on a teacher, as the objective says; phase 1 of DGPO is `kd`. Losses are means over the policy tokens of a mini-batch.
 * Every pass over the demonstrations has an order of its own. `minillm` leaves out the teacher-mixed sampling of its paper: it can see only
 * what the student itself does in the environment.
 *
 * @throws DatasetError when there is nothing to learn from; RetrieverError when the student's searches fail; the signal's reason.
 */
export async function trainDistillation(options: DistillationOptions): Promise<void> {
  const { settings, student, playground, demonstrations = [], tasks = [], seed, firstStep = 1, signal } = options;
  requireData(options);
  const maxSteps = distillationSteps(settings, demonstrations.length);
  const state = options.state ?? createDistillationState({ settings, totalSteps: maxSteps, seed });
  const perEpoch = usesDemonstrations(settings) ? maxSteps / settings.numTrainEpochs : undefined;
  const interval = validationInterval(settings, perEpoch ?? maxSteps);
  // The loss to beat.
  if (firstStep === 1) await validate(options, state);
  for (let step = firstStep; step <= maxSteps; step++) {
    signal?.throwIfAborted();
    const threshold = state.adaptive?.threshold;
    const shared = { settings, playground, demonstrations, tasks, state, seed, step, signal };
    const batch = await stepRows({ ...shared, student: student.name });
    const { errors, reward: _, ...played } = batch.played.length === 0 ? {} : episodeMetrics(batch.played);
    await options.onStep(step, {
      ...(await update(options, state, { step, maxSteps, batch })),
      ...(perEpoch === undefined ? {} : { epoch: step / perEpoch }),
      ...(threshold === undefined ? {} : { adaptive_threshold: threshold, replay_size: state.replay?.size ?? 0 }),
      ...(playground === undefined ? {} : { on_policy: batch.onPolicy }),
      ...played,
      ...(errors === undefined ? {} : { errors }),
      ...(step % interval === 0 ? await validate(options, state) : {}),
    });
  }
}
