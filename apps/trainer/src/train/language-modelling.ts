import { type LearningRateOptions, learningRateAt, type Tokenizer } from '@dgpo/lm';
import type { LanguageModelJob } from '../compute/jobs.js';
import { type ScoredRow, scoredCount } from '../compute/scored-rows.js';
import { type MicroBatchOptions, microBatches, offsetsOf, selectTokens } from './micro-batches.js';
import type { TrainedParameters } from './trained-model.js';

/** Text with the weight of each part's tokens in the loss. */
export interface WeightedSegment {
  text: string;
  /** 0 leaves the part out of the loss. */
  weight: number;
}

/** A row with one weight per scored token. */
export interface WeightedRow extends ScoredRow {
  weights: Float32Array;
}

/** Encodes the parts one after the other, never as special tokens. */
export function weightedRow(options: {
  tokenizer: Tokenizer;
  segments: readonly WeightedSegment[];
  maxTokens: number;
}): WeightedRow {
  const { tokenizer, segments, maxTokens } = options;
  const ids: number[] = [tokenizer.endOfTextId];
  const weightOf: number[] = [0];
  for (const { text, weight } of segments) {
    for (const id of tokenizer.encode(text)) {
      ids.push(id);
      weightOf.push(weight);
    }
  }
  const length = Math.min(ids.length, maxTokens);
  const tokenIds = Int32Array.from(ids.slice(0, length));
  const mask = Uint8Array.from(weightOf.slice(0, length), (weight, index) => (weight > 0 && index > 0 ? 1 : 0));
  return {
    tokenIds,
    mask,
    weights: Float32Array.from(weightOf.slice(0, length).filter((_, index) => mask[index] === 1)),
  };
}

/** Micro-batch jobs of a weighted language-modelling loss: the weighted mean over all scored tokens of the mini-batch. */
export function languageModelJobs(
  options: MicroBatchOptions & {
    model: string;
    rows: readonly WeightedRow[];
    /** @default false */
    gradientCheckpointing?: boolean | undefined;
  },
): LanguageModelJob[] {
  const { model, rows, microBatchSize, maxTokensPerMicroBatch, gradientCheckpointing = false } = options;
  let normalizer = 0;
  for (const row of rows) for (const weight of row.weights) normalizer += weight;
  const counts = rows.map(scoredCount);
  const offsets = offsetsOf(counts);
  const weights = new Float32Array(offsets.at(-1) as number);
  rows.forEach((row, index) => {
    weights.set(row.weights, offsets[index] as number);
  });
  for (let index = 0; index < weights.length; index++) weights[index] = (weights[index] as number) / (normalizer || 1);
  return microBatches({ rows, microBatchSize, maxTokensPerMicroBatch }).map((indices) => ({
    kind: 'language-model',
    model,
    rows: indices.map((index) => rows[index] as WeightedRow),
    weights: selectTokens({ values: weights, offsets, rows: indices }),
    gradientCheckpointing,
  }));
}

export interface LanguageModellingOptions extends MicroBatchOptions {
  model: TrainedParameters;
  /** The rows of update `step` (from 1). */
  batch: (step: number) => readonly WeightedRow[];
  maxSteps: number;
  /** @default false */
  gradientCheckpointing?: boolean;
  schedule: Omit<LearningRateOptions, 'maxSteps'>;
  /** First update to run, after a resume. @default 1 */
  firstStep?: number;
  onStep: (step: number, metrics: Record<string, number>) => void | Promise<void>;
  signal?: AbortSignal;
}

/** Language modelling: pretraining, and supervised training on given text. */
export async function trainLanguageModel(options: LanguageModellingOptions): Promise<void> {
  const { model, maxSteps, schedule, firstStep = 1, onStep, signal } = options;
  const { microBatchSize, maxTokensPerMicroBatch, gradientCheckpointing } = options;
  let rows = firstStep <= maxSteps ? options.batch(firstStep) : [];
  for (let step = firstStep; step <= maxSteps; step++) {
    signal?.throwIfAborted();
    const learningRate = learningRateAt({ ...schedule, maxSteps }, step);
    const limits = { microBatchSize, maxTokensPerMicroBatch, gradientCheckpointing };
    const jobs = languageModelJobs({ model: model.name, rows, ...limits });
    const tokens = rows.reduce((total, row) => total + row.tokenIds.length, 0);
    const update = model.update({ jobs, learningRate });
    // The workers compute; this thread makes the next rows meanwhile.
    if (step < maxSteps) rows = options.batch(step + 1);
    const { loss, gradientNorm } = await update;
    await onStep(step, { loss, grad_norm: gradientNorm, lr: learningRate, num_tokens: tokens });
  }
}
