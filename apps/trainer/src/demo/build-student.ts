import { type BytePairTokenizer, createDecoder, type DecoderConfig, decoderConfig, getParameters } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import type { Atlas } from '../atlas/index.js';
import type { Workshop } from '../pipeline/workshop.js';
import { trainLanguageModel, type WeightedRow } from '../train/language-modelling.js';
import { modelCheckpoints } from '../train/model-checkpoints.js';
import { createTrainedModel } from '../train/trained-model.js';
import { type ModelSize, studentSize } from './demo-settings.js';
import { readingRow } from './training-text.js';

function initialParameters(config: DecoderConfig, seed: number, name: string): Promise<Float32Array> {
  const decoder = createDecoder({ config, random: createRandom(seed).split(name) });
  return getParameters(decoder).finally(() => decoder.dispose());
}

/** Trains one model on rows made step by step, with checkpoints. */
export async function trainOnRows(options: {
  workshop: Workshop;
  /** Of its stage, `build-<name>`. */
  name: string;
  config: DecoderConfig;
  seed: number;
  maxSteps: number;
  learningRate: number;
  /** Rows of an update. @default 32 */
  batchSize?: number;
  /** @default 8 */
  microBatchSize?: number;
  /** Where to begin. @default weights drawn from `seed` and `name` */
  initial?: Float32Array;
  row: (step: number, index: number) => WeightedRow;
}): Promise<Float32Array> {
  const { workshop, name, config, maxSteps, learningRate, batchSize = 32, microBatchSize = 8, row } = options;
  const stage = `build-${name}`;
  const parameters = options.initial ?? (await initialParameters(config, options.seed, name));
  const model = await createTrainedModel({ pool: workshop.pool, name, config, parameters, weightDecay: 0.01 });
  const directory = workshop.run.checkpointsPath(stage);
  const checkpoints = modelCheckpoints({ directory, config: { config, maxSteps, learningRate }, models: [model] });
  const completedSteps = await checkpoints.restore();
  const tracker = workshop.tracker({ stage, totalSteps: maxSteps, completedSteps, show: ['loss', 'lr'] });
  await trainLanguageModel({
    model,
    maxSteps,
    microBatchSize,
    schedule: { learningRate, warmupSteps: 50, lrSchedulerType: 'cosine', minLearningRateRatio: 0.05 },
    firstStep: completedSteps + 1,
    batch: (step) => Array.from({ length: batchSize }, (_, index) => row(step, index)),
    onStep: async (step, metrics) => {
      tracker.log(metrics, step);
      if (step % 200 === 0 || step === maxSteps || workshop.signal?.aborted) await checkpoints.save(step);
    },
    ...(workshop.signal === undefined ? {} : { signal: workshop.signal }),
  });
  await tracker.finish();
  const result = await model.parameters();
  model.dispose();
  return result;
}

/** The base student reads and copies; no tag of the protocol occurs in what it sees. */
export async function buildStudent(options: {
  workshop: Workshop;
  atlas: Atlas;
  tokenizer: BytePairTokenizer;
  seed: number;
  maxSteps: number;
  /** @default that of the demo */
  size?: ModelSize;
  /** Of its stage. @default 'student' */
  name?: string;
}) {
  const { workshop, atlas, tokenizer, seed, maxSteps, size = studentSize, name = 'student' } = options;
  const config = decoderConfig({ vocabularySize: tokenizer.vocabularySize, ...size });
  const random = createRandom(seed).split('student-reading');
  const parameters = await trainOnRows({
    workshop,
    name,
    config,
    seed,
    maxSteps,
    learningRate: 3e-3,
    row: (step, index) => readingRow({ atlas, tokenizer, random: random.split(step, index) }),
  });
  return { config, parameters, tokenizer };
}
