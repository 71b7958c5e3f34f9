import { type LearningRateOptions, learningRateAt } from '@dgpo/lm';
import {
  applyKlPenalty,
  estimateKl,
  failureGate,
  generalizedAdvantageEstimation,
  groupRelativeAdvantages,
  whiten,
} from '@dgpo/rl';
import { createRandom, type Task, type Trajectory } from '@dgpo/trajectory';
import type { PolicyJob, ValueJob } from '../compute/jobs.js';
import { scoredCount } from '../compute/scored-rows.js';
import { episodeMetrics } from './episode-metrics.js';
import { type EpisodeRow, episodeRow } from './episode-rows.js';
import { microBatches, offsetsOf, selectTokens } from './micro-batches.js';
import { type Playground, playEpisodes } from './play-episodes.js';
import { cutRows, fromGrid, toGrid } from './token-grid.js';
import type { TrainedModel } from './trained-model.js';

/** How the teacher guides the second phase. */
export interface Guidance {
  /** Which episodes feel it: wrong ones (DGPO), all (uniform KL), none (plain PPO). */
  gate: 'incorrect' | 'always' | 'never';
  beta: number;
  /** Per token from the sampled token (`k1` …), or exact over the vocabulary (`full`, as a loss only). */
  estimator: 'k1' | 'k2' | 'k3' | 'abs' | 'full';
  /** KL(student ‖ teacher) is `reverse`. */
  direction: 'reverse' | 'forward';
  /** In the reward of each token (the reference form), or added to the policy loss. */
  form: 'reward' | 'loss';
  /** Over an episode: `sum` (the reference form), or the mean over its tokens, which length cannot change. */
  aggregation: 'sum' | 'token-mean';
}

export interface PolicyOptimizationOptions {
  playground: Playground;
  student: TrainedModel;
  /** Needed by PPO. */
  critic?: TrainedModel;
  /** Name of the teacher in the workers; needed unless the gate is `never`. */
  teacher?: string;
  algorithm: 'ppo' | 'grpo';
  /** Training questions; every update draws from a shuffled pass over them. */
  tasks: readonly Task[];
  tasksPerStep: number;
  numGenerations: number;
  temperature: number;
  maxSteps: number;
  ppoEpochs: number;
  miniBatchSize: number;
  microBatchSize: number;
  schedule: Omit<LearningRateOptions, 'maxSteps'>;
  criticLearningRate: number;
  /** First updates in which only the critic learns. @default 0 */
  criticWarmupSteps?: number;
  clipRatio: number;
  valueClipRange: number;
  gamma: number;
  lambda: number;
  entropyCoefficient: number;
  guidance: Guidance;
  seed: number;
  /** First update to run, after a resume. @default 1 */
  firstStep?: number;
  /** Returning true ends the training after this update. */
  onStep: (step: number, metrics: Record<string, number>, episodes: readonly Trajectory[]) => Promise<boolean>;
  signal?: AbortSignal | undefined;
}

/** The questions of update `step`: pass after pass over a list, each in an order of its own. */
function tasksOfStep(options: { tasks: readonly Task[]; perStep: number; step: number; seed: number }): Task[] {
  const { tasks, perStep, step, seed } = options;
  const random = createRandom(seed).split('policy-tasks');
  const first = (step - 1) * perStep;
  const orders = new Map<number, Task[]>();
  return Array.from({ length: perStep }, (_, index) => {
    const pass = Math.floor((first + index) / tasks.length);
    const order = orders.get(pass) ?? random.split(pass).shuffle(tasks);
    orders.set(pass, order);
    return order[(first + index) % tasks.length] as Task;
  });
}

/** Log-probabilities or values of all scored tokens, in the order of the rows. */
async function score(
  options: Pick<PolicyOptimizationOptions, 'playground' | 'microBatchSize' | 'temperature'>,
  model: string,
  what: 'log-probs' | 'values',
  rows: readonly EpisodeRow[],
): Promise<Float32Array[]> {
  const batches = microBatches({ rows, microBatchSize: 2 * options.microBatchSize });
  const results = await options.playground.pool.run(
    batches.map((indices) => ({
      kind: 'score' as const,
      model,
      what,
      rows: indices.map((index) => rows[index] as EpisodeRow),
      temperature: options.temperature,
    })),
  );
  const scores: Float32Array[] = [];
  batches.forEach((indices, batch) => {
    const parts = cutRows(
      results[batch] as Float32Array,
      indices.map((index) => scoredCount(rows[index] as EpisodeRow)),
    );
    indices.forEach((index, position) => {
      scores[index] = parts[position] as Float32Array;
    });
  });
  return scores;
}

const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) =>
  values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length;

/**
 * Phase 2 of DGPO: PPO (or GRPO) in which a correct episode earns its reward and an episode that the gate selects is pulled towards
 * the teacher (arXiv 2508.20324; semantics of the released code with its defects mended). One call of `onStep` per update.
 */
export async function optimizePolicy(options: PolicyOptimizationOptions): Promise<void> {
  const { student, critic, guidance, maxSteps, seed, firstStep = 1 } = options;
  for (let step = firstStep; step <= maxSteps; step++) {
    options.signal?.throwIfAborted();
    const tasks = tasksOfStep({ tasks: options.tasks, perStep: options.tasksPerStep, step, seed });
    const started = performance.now();
    const played = await playEpisodes({
      ...options.playground,
      policy: { model: student.name },
      tasks,
      samplesPerTask: options.numGenerations,
      temperature: options.temperature,
      seed: createRandom(seed)
        .split('rollouts', step)
        .integer(2 ** 31),
      signal: options.signal,
    });
    // An episode that the world broke says nothing about the policy.
    const episodes = played.filter(
      (episode) => episode.outcome.endedBy !== 'error' && scoredCount(episodeRow(episode)) > 0,
    );
    const rows = episodes.map(episodeRow);
    const collected = performance.now();
    const metrics = {
      ...episodeMetrics(played),
      num_tokens: rows.reduce((total, row) => total + row.tokenIds.length, 0),
      ...(rows.length === 0 ? {} : await update(options, step, episodes, rows)),
      'timing_s/gen': (collected - started) / 1000,
      'timing_s/update': (performance.now() - collected) / 1000,
    };
    if (critic === undefined && options.algorithm === 'ppo') throw new TypeError('PPO needs a critic');
    if (
      await options.onStep(step, { ...metrics, guidance_beta: guidance.gate === 'never' ? 0 : guidance.beta }, played)
    )
      return;
  }
}

async function update(
  options: PolicyOptimizationOptions,
  step: number,
  episodes: readonly Trajectory[],
  rows: readonly EpisodeRow[],
): Promise<Record<string, number>> {
  const { student, critic, teacher, guidance, algorithm } = options;
  const counts = rows.map(scoredCount);
  const offsets = offsetsOf(counts);
  const { grid: oldLogProbs, mask } = toGrid(rows.map((row) => row.logProbs));
  const scores = Float32Array.from(episodes, (episode) => episode.outcome.reward);
  const groups = episodes.map((episode) => episode.task.id);
  const gate = failureGate({
    gate: guidance.gate,
    correct: episodes.map((episode) => episode.outcome.correct),
    groups,
  });

  const guided = guidance.gate !== 'never' && guidance.beta > 0 && teacher !== undefined;
  const needsKl = guided && guidance.estimator !== 'full';
  const referenceLogProbs = needsKl ? toGrid(await score(options, teacher, 'log-probs', rows)).grid : oldLogProbs;
  const estimator = guidance.estimator === 'full' ? 'k1' : guidance.estimator;
  const kl = estimateKl({ logProbs: oldLogProbs, referenceLogProbs, estimator });
  const penalty = applyKlPenalty({
    scores,
    kl,
    policyMask: mask,
    gate,
    beta: guided && guidance.form === 'reward' ? guidance.beta : 0,
    aggregation: guidance.aggregation,
  });

  const values = critic === undefined ? undefined : toGrid(await score(options, critic.name, 'values', rows)).grid;
  let advantages = penalty.rewards;
  let returns = penalty.rewards;
  if (algorithm === 'ppo' && values !== undefined) {
    const estimated = generalizedAdvantageEstimation({
      rewards: penalty.rewards,
      values,
      mask,
      policyMask: mask,
      gamma: options.gamma,
      lambda: options.lambda,
      mode: 'skip-observations',
    });
    returns = estimated.returns;
    advantages = whiten({ values: estimated.advantages, mask });
  } else {
    const perRow = groupRelativeAdvantages({
      scores: Float32Array.from(cutRows(fromGrid(penalty.rewards, counts), counts), sum),
      groups,
      normalizeByStd: true,
    });
    advantages = toGrid(counts.map((count, row) => new Float32Array(count).fill(perRow[row] as number))).grid;
  }

  const flat = {
    oldLogProbs: fromGrid(oldLogProbs, counts),
    advantages: fromGrid(advantages, counts),
    returns: fromGrid(returns, counts),
    oldValues: values === undefined ? new Float32Array(offsets.at(-1) as number) : fromGrid(values, counts),
  };
  const learningRate = learningRateAt({ ...options.schedule, maxSteps: options.maxSteps }, step);
  const totals: Record<string, number[]> = {};
  const record = (name: string, value: number) => {
    totals[name] = [...(totals[name] ?? []), value];
  };
  const trainsPolicy = step > (options.criticWarmupSteps ?? 0);
  for (let epoch = 0; epoch < options.ppoEpochs; epoch++) {
    const order = createRandom(options.seed)
      .split('mini-batches', step, epoch)
      .shuffle(rows.map((_, index) => index));
    for (let start = 0; start < order.length; start += options.miniBatchSize) {
      const members = order.slice(start, start + options.miniBatchSize);
      const batchRows = members.map((index) => rows[index] as EpisodeRow);
      const tokens = batchRows.reduce((total, row) => total + scoredCount(row), 0);
      const cuts = microBatches({ rows: batchRows, microBatchSize: options.microBatchSize }).map((indices) =>
        indices.map((index) => members[index] as number),
      );
      const select = (source: Float32Array, indices: readonly number[]) =>
        selectTokens({ values: source, offsets, rows: indices });
      const weightsOf = (indices: readonly number[]) =>
        new Float32Array(indices.reduce((total, index) => total + (counts[index] as number), 0)).fill(1 / tokens);
      if (trainsPolicy) {
        const jobs = cuts.map(
          (indices): PolicyJob => ({
            kind: 'policy',
            student: student.name,
            rows: indices.map((index) => rows[index] as EpisodeRow),
            oldLogProbs: select(flat.oldLogProbs, indices),
            advantages: select(flat.advantages, indices),
            weights: weightsOf(indices),
            clipRatio: options.clipRatio,
            entropyCoefficient: options.entropyCoefficient,
            temperature: options.temperature,
            ...(guided && guidance.form === 'loss' && teacher !== undefined
              ? {
                  teacher: {
                    name: teacher,
                    direction: guidance.direction,
                    weights: guidanceWeights({ indices, counts, gate, guidance, tokens, episodes: members.length }),
                  },
                }
              : {}),
          }),
        );
        const result = await student.update({ jobs, learningRate });
        record('grad_norm', result.gradientNorm);
        record('loss/policy_avg', result.metrics.policyLoss ?? 0);
        record('entropy', result.metrics.entropy ?? 0);
        record('policy/approxkl_avg', result.metrics.approxKl ?? 0);
        record('policy/clipfrac_avg', result.metrics.clipFraction ?? 0);
        if (result.metrics.guidanceLoss !== undefined) record('loss/guidance', result.metrics.guidanceLoss);
      }
      if (critic !== undefined) {
        const jobs = cuts.map(
          (indices): ValueJob => ({
            kind: 'value',
            critic: critic.name,
            rows: indices.map((index) => rows[index] as EpisodeRow),
            oldValues: select(flat.oldValues, indices),
            returns: select(flat.returns, indices),
            weights: weightsOf(indices),
            clipRange: options.valueClipRange,
          }),
        );
        const result = await critic.update({ jobs, learningRate: options.criticLearningRate });
        record('loss/value_avg', result.loss);
      }
    }
  }
  return {
    ...Object.fromEntries(Object.entries(totals).map(([name, list]) => [name, mean(list)])),
    gated_fraction: mean([...gate]),
    ...(needsKl ? { kl: penalty.klMean, beta_kl_sum: penalty.betaKlSumMean } : {}),
    lr: trainsPolicy ? learningRate : 0,
  };
}

/**
 * Weight of the exact KL of every token. `sum` adds the KL of a gated episode's tokens and averages over episodes; `token-mean`
 * averages over all tokens of the mini-batch, as the policy loss does.
 */
function guidanceWeights(options: {
  indices: readonly number[];
  counts: readonly number[];
  gate: Float32Array;
  guidance: Guidance;
  tokens: number;
  episodes: number;
}): Float32Array {
  const { indices, counts, gate, guidance, tokens, episodes } = options;
  const scale = guidance.beta / (guidance.aggregation === 'sum' ? episodes : tokens);
  const parts = indices.map((index) => new Float32Array(counts[index] as number).fill((gate[index] as number) * scale));
  return Float32Array.from(parts.flatMap((part) => [...part]));
}
