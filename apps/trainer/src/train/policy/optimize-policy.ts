import type { TeacherScores } from '@dgpo/distill/teachers';
import { learningRateAt } from '@dgpo/lm';
import { createKlController, type KlController } from '@dgpo/rl';
import { createRandom, type Task, type Trajectory } from '@dgpo/trajectory';
import type { ScoredRow } from '../../compute/scored-rows.js';
import type { Guidance } from '../../recipe/guidance-section.js';
import { isGuided, type RlSettings } from '../../recipe/rl-section.js';
import { episodeMetrics } from '../episode-metrics.js';
import type { Playground } from '../play-episodes.js';
import { toGrid } from '../token-grid.js';
import type { TrainedAdapter } from '../trained-adapter.js';
import type { TrainedModel } from '../trained-model.js';
import { criticRows, estimateAdvantages } from './advantages.js';
import { checkRows } from './check-rows.js';
import { collectRollouts, type Rollouts } from './collect-rollouts.js';
import { guideRewards } from './guidance.js';
import { perRow } from './mini-batches.js';
import { oldPolicy } from './sampler-mismatch.js';
import { scoreRows } from './score-rows.js';
import { type TokenTrace, tokenTraces } from './token-traces.js';
import { trainingBatch } from './training-batch.js';
import { updateModels } from './update-models.js';

type Metrics = Record<string, number>;

export interface PolicyOptimizationOptions {
  playground: Playground;
  student: TrainedModel | TrainedAdapter;
  /** Needed by PPO. */
  critic?: TrainedModel;
  /** Name in the workers of the model that guides; needed unless the gate is `never`. */
  reference?: string;
  /** In its place, who scores the sampled tokens, such as a server; its most likely tokens where the estimator is `topK`. */
  scoreReference?: (rows: readonly ScoredRow[]) => Promise<TeacherScores[]>;
  settings: RlSettings;
  /** Training questions; every update draws from a shuffled pass over them. */
  tasks: readonly Task[];
  seed: number;
  /** Roll backs before; what follows one draws other random numbers. @default 0 */
  rollBacks?: number;
  /** First update to run, after a resume. @default 1 */
  firstStep?: number;
  /** Metrics of the updates before, oldest first: what β and the count of skipped steps follow from. @default none */
  history?: readonly Metrics[];
  /** Rollouts of the first update that were played ahead before a resume. @default none */
  prepared?: Rollouts | undefined;
  /**
   * One call per update; true ends the training after it. With `maxStaleness`, `next` waits for the rollouts of the next update, which a
   * checkpoint needs; `tokens` gives what the update knows of the tokens of the first `count` episodes.
   */
  onStep: (
    step: number,
    metrics: Metrics,
    episodes: readonly Trajectory[],
    next: (() => Promise<Rollouts>) | undefined,
    tokens: (count: number) => TokenTrace[],
  ) => Promise<boolean>;
  signal?: AbortSignal | undefined;
}

/** β as the updates before have left it. */
function controllerOf({ controller, beta }: Guidance, history: readonly Metrics[]): KlController {
  const { type, targetKl, horizon } = controller;
  const created = createKlController(type === 'fixed' ? { type, beta } : { type, beta, targetKl, horizon });
  for (const metrics of history) steer(created, metrics);
  return created;
}

function steer(controller: KlController, metrics: Metrics): void {
  const { kl, 'gated/rows': gatedRows, num_episodes: batchSize } = metrics;
  if (kl === undefined || gatedRows === undefined || batchSize === undefined || !Number.isFinite(kl)) return;
  controller.update({ kl, gatedRows, batchSize });
}

/** A copy of the policy under a name of its own, so that episodes can be played while the policy moves. */
async function shareSampler({ playground, student }: PolicyOptimizationOptions): Promise<string> {
  const name = `${student.name}-sampler`;
  const parameters = await student.parameters();
  const weights = new Float32Array(new SharedArrayBuffer(4 * parameters.length));
  weights.set(parameters);
  const { pool } = playground;
  if ('base' in student) {
    const { base, lora } = student;
    await pool.broadcast({ kind: 'open', name, base, lora, seed: 0 });
    await pool.broadcast({ kind: 'trainable', model: name, parameters: weights });
    return name;
  }
  await pool.broadcast({ kind: 'model', name, config: student.config, valueHead: false, weights });
  return name;
}

/**
 * Reinforcement learning of an agent: PPO, GRPO and their kin, in which an episode that the gate selects is pulled towards a reference
 * (DGPO, arXiv 2508.20324; semantics of the released code with its defects mended). One call of `onStep` per update.
 *
 * With `maxStaleness: 1` the episodes of the next update are played by a copy of the policy while this update is applied.
 *
 * @throws ModelError when rollouts are not coherent, sampler and trainer disagree, or loss or gradient stay without a finite value.
 */
export async function optimizePolicy(options: PolicyOptimizationOptions): Promise<void> {
  const { settings, student, firstStep = 1, history = [], rollBacks = 0 } = options;
  const { maxSteps, maxStaleness, guidance } = settings;
  const seeded = createRandom(options.seed);
  const random = rollBacks === 0 ? seeded : seeded.split('roll-back', rollBacks);
  const controller = controllerOf(guidance, history);
  // An update without episodes has no such figure.
  let skippedInRow = history.findLast((metrics) => 'skipped_updates_in_row' in metrics)?.skipped_updates_in_row ?? 0;
  const collect = (step: number, model: string, signal: AbortSignal | undefined) =>
    collectRollouts({ playground: options.playground, settings, tasks: options.tasks, model, step, random, signal });
  const isAhead = maxStaleness > 0;
  let ahead: Promise<Rollouts> | undefined =
    options.prepared === undefined ? undefined : Promise.resolve(options.prepared);
  for (let step = firstStep; step <= maxSteps; step++) {
    options.signal?.throwIfAborted();
    const started = performance.now();
    const played = await (ahead ?? collect(step, student.name, options.signal));
    ahead = undefined;
    if (isAhead && step < maxSteps) {
      // An interrupt does not end these: the checkpoint of this update needs them.
      ahead = collect(step + 1, await shareSampler(options), undefined);
      // Whoever waits for it hears of a failure; until then it must not count as unhandled.
      ahead.catch(() => undefined);
    }
    const collected = performance.now();
    const { metrics: updated, tokens } = await applyUpdate({
      ...options,
      played,
      step,
      beta: controller.beta,
      skippedInRow,
      random,
    });
    const metrics: Metrics = {
      ...episodeMetrics(played.episodes),
      ...updated,
      frac_reward_zero_std: played.fracRewardZeroStd,
      ...(settings.filterGroups ? { num_gen_batches: played.batches } : {}),
      guidance_beta: isGuided(settings) ? controller.beta : 0,
      'timing_s/gen': (collected - started) / 1000,
      'timing_s/update': (performance.now() - collected) / 1000,
    };
    steer(controller, metrics);
    skippedInRow = metrics.skipped_updates_in_row ?? skippedInRow;
    const next = ahead;
    const waitForNext = next === undefined ? undefined : () => next;
    const ends = await options.onStep(step, metrics, played.episodes, waitForNext, tokens);
    if (!ends) continue;
    // The workers are the caller's again when this returns.
    await next?.catch(() => undefined);
    return;
  }
}

interface UpdateOptions extends PolicyOptimizationOptions {
  played: Rollouts;
  step: number;
  beta: number;
  skippedInRow: number;
  random: ReturnType<typeof createRandom>;
}

async function applyUpdate(
  options: UpdateOptions,
): Promise<{ metrics: Metrics; tokens: (count: number) => TokenTrace[] }> {
  const { settings, student, critic, reference, scoreReference, playground, played, step, beta, random } = options;
  const { maxContextTokens } = playground.environment;
  const batch = trainingBatch({ rollouts: played, settings, maxLength: maxContextTokens });
  const { rows, counts } = batch;
  const tokens = { num_tokens: rows.reduce((total, row) => total + row.tokenIds.length, 0), num_episodes: rows.length };
  if (rows.length === 0) return { metrics: tokens, tokens: () => [] };
  checkRows({ rows, ids: batch.episodes.map(({ id }) => id), vocabularySize: student.config.vocabularySize });
  const scoring = { pool: playground.pool, temperature: settings.temperature, batchSize: 2 * settings.microBatchSize };
  const logProbs = (model: string) => (own: readonly ScoredRow[]) =>
    scoreRows({ ...scoring, model, what: 'log-probs', rows: own });
  const old = await oldPolicy({
    batch,
    settings,
    random: random.split('sampler-check', step),
    score: logProbs(student.name),
  });
  const referenceOf =
    scoreReference ??
    (reference === undefined
      ? undefined
      : async (own: readonly ScoredRow[]): Promise<TeacherScores[]> =>
          (await logProbs(reference)(own)).map((scores) => ({ logProbs: scores })));
  const referenceScores =
    isGuided(settings) && referenceOf !== undefined
      ? await referenceOf(rows.map(({ tokenIds, mask }) => ({ tokenIds, mask })))
      : undefined;
  const guided = guideRewards({
    batch,
    guidance: settings.guidance,
    beta,
    oldLogProbs: old.logProbs,
    referenceLogProbs: referenceScores && toGrid(referenceScores.map((scores) => scores.logProbs)).grid,
  });
  const valued = critic === undefined ? [] : criticRows(rows, settings);
  const oldValues =
    critic === undefined
      ? undefined
      : await scoreRows({ ...scoring, model: critic.name, what: 'values', rows: valued });
  const { advantages, returns } = estimateAdvantages({
    batch,
    settings,
    rewards: guided.rewards,
    lossMask: old.lossMask,
    values: oldValues,
  });
  const learningRate = learningRateAt({ ...settings, lrSchedulerType: 'constant' }, step);
  const trainsPolicy = step > settings.criticWarmupSteps;
  const updated = await updateModels({
    data: {
      batch,
      settings,
      old,
      advantages: perRow(advantages, counts),
      referenceScores,
      beta,
      maxTokens: settings.policyLoss.maxTokens ?? maxContextTokens,
      student: student.name,
      reference,
      critic:
        critic === undefined || oldValues === undefined || returns === undefined
          ? undefined
          : { name: critic.name, rows: valued, oldValues, returns },
    },
    student,
    critic,
    trainsPolicy,
    learningRate,
    skippedInRow: options.skippedInRow,
    random: (epoch) => random.split('mini-batches', step, epoch),
  });
  return {
    metrics: {
      ...tokens,
      ...updated,
      ...old.metrics,
      gated_fraction: batch.gate.reduce((total, value) => total + value, 0) / rows.length,
      ...guided.metrics,
      lr: trainsPolicy ? learningRate : 0,
    },
    tokens: (count) =>
      tokenTraces({ batch, chosen: played.chosen, count, logProbs: old.logProbs, advantages, referenceScores }),
  };
}
