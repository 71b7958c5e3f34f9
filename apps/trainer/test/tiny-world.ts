import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BytePairTokenizer,
  type DecoderConfig,
  decoderConfig,
  parameterCount,
  saveTokenizer,
  trainCompactTokenizer,
} from '@dgpo/lm';
import { createRetriever } from '@dgpo/retriever';
import { createRandom, type Task } from '@dgpo/trajectory';
import type { RetrieverSource, SearchSettings } from '../src/compute/environment-settings.js';
import { type ComputePool, createComputePool } from '../src/compute/pool.js';
import { protocolTags } from '../src/demo/demo-settings.js';
import { type RlSettings, rlSchema, usesCritic } from '../src/recipe/rl-section.js';
import { isTiming } from '../src/run/metric-files.js';
import { type EpisodeRow, episodeRow } from '../src/train/episode-rows.js';
import { type Playground, playEpisodes } from '../src/train/play-episodes.js';
import { optimizePolicy, type PolicyOptimizationOptions } from '../src/train/policy/optimize-policy.js';
import { createTrainedModel, type TrainedModel } from '../src/train/trained-model.js';

const colours = ['red', 'blue', 'green', 'grey', 'pink', 'gold'];

export const documents = colours.map((colour, index) => ({
  id: `${index}`,
  contents: `"Flag ${index}"\nThe flag number ${index} is ${colour}.`,
}));

export const tasks: Task[] = colours.map((colour, index) => ({
  id: `q${index}`,
  question: `Which colour has flag ${index}?`,
  goldenAnswers: [colour],
}));

type SearchPlayground = Playground & { environment: SearchSettings; retriever: RetrieverSource };

export interface TinyWorld {
  tokenizer: BytePairTokenizer;
  config: DecoderConfig;
  /** Folder of tokenizer and index. */
  directory: string;
  playground(pool: ComputePool): SearchPlayground;
  close(): void;
}

/** Six passages, a vocabulary of some dozen pieces, and a model of one layer. */
export async function openTinyWorld(): Promise<TinyWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'dgpo-tiny-'));
  const tokenizer = trainCompactTokenizer({
    texts: documents.map(({ contents }) => contents),
    specialTokens: protocolTags,
    maximumPieces: 32,
  });
  await saveTokenizer(tokenizer, directory);
  await (await createRetriever({ documents })).save(join(directory, 'index'));
  const config = decoderConfig({
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 16,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    maxPositionEmbeddings: 160,
  });
  const environment = {
    topK: 1,
    maxSearches: 2,
    maxTokensPerTurn: 10,
    maxObservationTokens: 48,
    maxContextTokens: 160,
    promptTemplate: 'Question: {question}\n',
    invalidActionMessage: '\nNo action.\n',
  };
  return {
    tokenizer,
    config,
    directory,
    playground: (pool) => ({
      pool,
      tokenizer: directory,
      retriever: { directory: join(directory, 'index') },
      environment,
    }),
    close: () => rmSync(directory, { recursive: true }),
  };
}

/** Weights far enough from 0 that tokens differ in probability and values from each other. */
export function tinyParameters(world: TinyWorld, seed: number, valueHead = false): Float32Array {
  const random = createRandom(seed).split('tiny');
  const size = parameterCount(world.config) + (valueHead ? world.config.hiddenSize : 0);
  return Float32Array.from({ length: size }, () => 0.4 * random.normal());
}

/** A pool of its own for one test, with a teacher in it. */
export async function withPool<T>(
  world: TinyWorld,
  workers: number,
  run: (pool: ComputePool) => Promise<T>,
): Promise<T> {
  const pool = await createComputePool({ engine: 'wasm', workers });
  try {
    for (const [name, seed] of Object.entries({ teacher: 2, sampled: 3 })) {
      await pool.broadcast({
        kind: 'model',
        name,
        config: world.config,
        valueHead: false,
        weights: tinyParameters(world, seed),
      });
    }
    return await run(pool);
  } finally {
    await pool.close();
  }
}

export async function createTinyModels(
  world: TinyWorld,
  pool: ComputePool,
): Promise<{ student: TrainedModel; critic: TrainedModel }> {
  const { config } = world;
  return {
    student: await createTrainedModel({ pool, name: 'student', config, parameters: tinyParameters(world, 4) }),
    critic: await createTrainedModel({
      pool,
      name: 'critic',
      config,
      parameters: tinyParameters(world, 5, true),
      valueHead: true,
    }),
  };
}

export const tinySettings: RlSettings = rlSchema.parse({
  algorithm: 'ppo',
  tasksPerStep: 4,
  numGenerations: 2,
  maxSteps: 2,
  miniBatchSize: 4,
  microBatchSize: 2,
  learningRate: 1e-3,
  warmupSteps: 0,
  criticLearningRate: 1e-3,
  lambda: 0.95,
  guidance: {
    gate: 'incorrect',
    beta: 0.01,
    estimator: 'k1',
    direction: 'reverse',
    form: 'reward',
    aggregation: 'sum',
  },
});

/** SHA-256 of the bytes of all parameters, which must be finite. */
export async function parametersDigest(model: TrainedModel): Promise<string> {
  const parameters = await model.parameters();
  if (!parameters.every(Number.isFinite)) throw new Error(`${model.name} has parameters that are not finite`);
  return createHash('sha256')
    .update(new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength))
    .digest('hex');
}

export type TinyChanges = Partial<RlSettings> & { options?: Partial<PolicyOptimizationOptions> };

/** Two updates of the second phase; gives back what it leaves behind. */
export async function optimizeTiny(world: TinyWorld, pool: ComputePool, changes: TinyChanges = {}) {
  const { options = {}, ...settings } = changes;
  const { student, critic } = await createTinyModels(world, pool);
  const metrics: Record<string, number>[] = [];
  const changed = { ...tinySettings, ...settings };
  await optimizePolicy({
    playground: world.playground(pool),
    student,
    ...(usesCritic(changed) ? { critic } : {}),
    reference: 'teacher',
    tasks: tasks.slice(0, 3),
    seed: 1,
    settings: changed,
    onStep: async (_, measured) => {
      metrics.push(Object.fromEntries(Object.entries(measured).filter(([name]) => !isTiming(name))));
      return false;
    },
    ...options,
  });
  const digests = { student: await parametersDigest(student), critic: await parametersDigest(critic) };
  student.dispose();
  critic.dispose();
  return { metrics, digests };
}

/** Eight sampled episodes of the model `sampled` as rows. */
export async function sampledRows(world: TinyWorld, pool: ComputePool): Promise<EpisodeRow[]> {
  const episodes = await playEpisodes({
    ...world.playground(pool),
    policy: { model: 'sampled' },
    tasks: tasks.slice(0, 4),
    samplesPerTask: 2,
    temperature: 1,
    seed: 3,
  });
  return episodes.map(episodeRow);
}
