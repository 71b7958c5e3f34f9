import {
  createDecoder,
  type Decoder,
  type DecoderConfig,
  embedding,
  type HiddenStatesOptions,
  hiddenStates,
  outputEmbedding,
  setParameters,
  type TokenBatch,
  tokenBatch,
  tokenLogProbs,
  valueHeadName,
  valuesOf,
} from '@dgpo/lm';
import { valueLoss } from '@dgpo/rl';
import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { type DistillJob, runDistillJob } from './distill-job.js';
import { type EpisodesJob, runEpisodesJob } from './episodes-job.js';
import { type GradientResult, gradientOf } from './gradient.js';
import { dropSamplers, resetSamplers } from './kept-samplers.js';
import {
  type OpenJob,
  type ParametersJob,
  runOpenJob,
  runParametersJob,
  runTrainableJob,
  type TrainableJob,
} from './open-job.js';
import { type PolicyJob, runPolicyJob } from './policy-job.js';
import { type ReadJob, runReadJob } from './read-job.js';
import { type ScoredRow, scoredPositions } from './scored-rows.js';
import { runVotedEpisodesJob, type VotedEpisodes, type VotedEpisodesJob } from './voted-episodes-job.js';

/** Puts a model under a name, or new weights into it. */
export interface ModelJob {
  kind: 'model';
  name: string;
  config: DecoderConfig;
  valueHead: boolean;
  weights: Float32Array;
}

/** Weighted negative log-likelihood: `Σ weight · -log p / normalizer`. */
export interface LanguageModelJob {
  kind: 'language-model';
  model: string;
  rows: ScoredRow[];
  /** One per scored token, row by row. */
  weights: Float32Array;
  /** Keeps only the inputs of blocks. @default false */
  gradientCheckpointing?: boolean;
}

/** One micro-batch of the clipped value loss. */
export interface ValueJob {
  kind: 'value';
  critic: string;
  rows: ScoredRow[];
  oldValues: Float32Array;
  returns: Float32Array;
  weights: Float32Array;
  clipRange: number;
  /** Keeps only the inputs of blocks. @default false */
  gradientCheckpointing?: boolean;
}

/** Log-probabilities or values of given tokens, without gradient. */
export interface ScoreJob {
  kind: 'score';
  model: string;
  what: 'log-probs' | 'values';
  rows: ScoredRow[];
  /** Of the distribution that the log-probabilities belong to, as in sampling. */
  temperature: number;
}

export type Job =
  | ModelJob
  | OpenJob
  | TrainableJob
  | ParametersJob
  | LanguageModelJob
  | DistillJob
  | PolicyJob
  | ValueJob
  | ScoreJob
  | EpisodesJob
  | VotedEpisodesJob
  | ReadJob;

export interface JobResults {
  model: null;
  open: null;
  trainable: null;
  parameters: Float32Array;
  'language-model': GradientResult;
  distill: GradientResult;
  policy: GradientResult;
  value: GradientResult;
  score: Float32Array;
  episodes: Awaited<ReturnType<typeof runEpisodesJob>>;
  'voted-episodes': VotedEpisodes;
  read: string[];
}

export type JobResult<J extends Job> = JobResults[J['kind']];

/** What a worker keeps between jobs. */
export interface JobContext {
  readonly models: Map<string, Decoder>;
  /** Things that a kind of job makes once, such as samplers and retrievers, by a key of its own. */
  readonly kept: Map<string, unknown>;
}

export function createJobContext(): JobContext {
  return { models: new Map(), kept: new Map() };
}

/** Closes what has files open or processes running. */
export async function closeKept({ kept }: Pick<JobContext, 'kept'>): Promise<void> {
  await Promise.all([...kept.values()].map((value) => (value as { close?: () => Promise<void> }).close?.()));
}

/** Frees models, those on the weights of others first, and closes what has files open or processes running. */
export async function closeJobContext(context: JobContext): Promise<void> {
  const { models } = context;
  const isShare = (model: Decoder) => model.base !== undefined;
  for (const model of [...models.values()].filter(isShare)) model.dispose();
  for (const model of [...models.values()].filter((each) => !isShare(each))) model.dispose();
  await closeKept(context);
}

/** A model that an earlier job put there. */
export function modelNamed(context: JobContext, name: string): Decoder {
  const decoder = context.models.get(name);
  if (decoder === undefined) throw new ModelError(`this worker has no model "${name}"`);
  return decoder;
}

/** Runs a function with the rows as a padded batch and disposes it afterwards. */
export async function withBatch<T>(rows: readonly ScoredRow[], run: (batch: TokenBatch) => Promise<T>): Promise<T> {
  const batch = tokenBatch({ sequences: rows.map((row) => row.tokenIds) });
  try {
    return await run(batch);
  } finally {
    batch.dispose();
  }
}

/** Hidden states that predict the scored tokens, `[n, hiddenSize]`, and those tokens. */
export function scoredHidden(
  decoder: Decoder,
  batch: TokenBatch,
  rows: readonly ScoredRow[],
  options: HiddenStatesOptions = {},
) {
  const { hiddenRows, targets } = scoredPositions(rows, batch.time);
  const hidden = embedding({ table: hiddenStates(decoder, batch, options), ids: tf.tensor1d(hiddenRows, 'int32') });
  return { hidden, weight: outputEmbedding(decoder), targets: tf.tensor1d(targets, 'int32') };
}

/** `Σ weights · values` as a scalar. */
export function weightedSum(values: tf.Tensor, weights: Float32Array): tf.Scalar {
  return tf.sum(tf.mul(values, tf.tensor1d(weights)));
}

const sameShape = (decoder: Decoder, job: ModelJob) =>
  decoder.base === undefined &&
  JSON.stringify(decoder.config) === JSON.stringify(job.config) &&
  decoder.parameters.has(valueHeadName) === job.valueHead;

function runModel(context: JobContext, job: ModelJob): null {
  let decoder = context.models.get(job.name);
  const isNew = decoder === undefined || !sameShape(decoder, job);
  if (isNew) {
    decoder?.dispose();
    decoder = createDecoder({ config: job.config, valueHead: job.valueHead });
    context.models.set(job.name, decoder);
  }
  setParameters(decoder as Decoder, job.weights);
  if (isNew) dropSamplers(context, job.name);
  else resetSamplers(context, job.name);
  return null;
}

function runLanguageModel(context: JobContext, job: LanguageModelJob): Promise<GradientResult> {
  const decoder = modelNamed(context, job.model);
  return withBatch(job.rows, (batch) =>
    gradientOf(decoder, () => {
      const { gradientCheckpointing } = job;
      const { logProbs } = tokenLogProbs(scoredHidden(decoder, batch, job.rows, { gradientCheckpointing }));
      return { loss: tf.neg(weightedSum(logProbs, job.weights)) };
    }),
  );
}

function runValue(context: JobContext, job: ValueJob): Promise<GradientResult> {
  const critic = modelNamed(context, job.critic);
  return withBatch(job.rows, (batch) =>
    gradientOf(critic, () => {
      const { gradientCheckpointing } = job;
      const { hidden } = scoredHidden(critic, batch, job.rows, { gradientCheckpointing });
      const { loss, metrics } = valueLoss({
        values: valuesOf(critic, hidden),
        oldValues: tf.tensor1d(job.oldValues),
        returns: tf.tensor1d(job.returns),
        weights: tf.tensor1d(job.weights),
        clipRange: job.clipRange,
      });
      return { loss, metrics };
    }),
  );
}

function runScore(context: JobContext, job: ScoreJob): Promise<Float32Array> {
  const decoder = modelNamed(context, job.model);
  return withBatch(job.rows, async (batch) => {
    const scores = tf.tidy(() => {
      const scored = scoredHidden(decoder, batch, job.rows);
      return job.what === 'values'
        ? valuesOf(decoder, scored.hidden)
        : tokenLogProbs({ ...scored, temperature: job.temperature }).logProbs;
    });
    const values = (await scores.data()) as Float32Array;
    scores.dispose();
    return values;
  });
}

/** Runs one job; its result depends on the job and the models alone. */
export async function runJob<J extends Job>(context: JobContext, job: J): Promise<JobResult<J>>;
export async function runJob(context: JobContext, job: Job): Promise<JobResults[Job['kind']]> {
  switch (job.kind) {
    case 'model':
      return runModel(context, job);
    case 'open':
      return runOpenJob(context, job);
    case 'trainable':
      return runTrainableJob(context, job);
    case 'parameters':
      return runParametersJob(context, job);
    case 'language-model':
      return runLanguageModel(context, job);
    case 'distill':
      return runDistillJob(context, job);
    case 'policy':
      return runPolicyJob(context, job);
    case 'value':
      return runValue(context, job);
    case 'score':
      return runScore(context, job);
    case 'episodes':
      return runEpisodesJob(context, job);
    case 'voted-episodes':
      return runVotedEpisodesJob(context, job);
    case 'read':
      return runReadJob(context, job);
  }
}
