import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type EngineName, selectEngine, tokenizerFolder } from '@dgpo/lm';
import { type Document, loadCorpus, loadRetriever } from '@dgpo/retriever';
import {
  type ComputePool,
  createComputePool,
  type EnvironmentSettings,
  type EvaluationProgress,
  type EvaluationSet,
  evaluateModel,
  isSearch,
  type ModelEvaluation,
  type RetrieverSource,
} from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';
import { createCostMeter } from './cost/cost-meter.js';
import type { EpisodeCost } from './cost/episode-cost.js';
import { type CostReport, costReport } from './cost/evaluation-cost.js';
import { openInput, openModel } from './open-checkpoint.js';

export interface EvaluateCheckpointOptions {
  /** Model folder in Hugging Face layout, or a folder of adapters; the rules of its `agent.json` hold, else those of Search-R1. */
  checkpoint: string;
  /** An index directory, or the address of a Search-R1 `/retrieve` server; a model of a household or a shop takes none. */
  retriever?: RetrieverSource;
  sets: readonly EvaluationSet[];
  /** @default the name of the folder */
  name?: string;
  /** 0 is greedy. @default 0 */
  temperature?: number;
  /** Episodes per question. @default 1 */
  samplesPerTask?: number;
  /** @default 0 */
  seed?: number;
  /** Episodes side by side in one worker. @default 64 */
  batchSize?: number;
  /** Measure source referencing and thinking too; needs an index directory and supporting titles. @default true */
  reading?: boolean;
  /** @default DGPO_ENGINE, else the fastest that works here */
  engine?: EngineName | 'auto';
  /** Worker threads; 0 is one per core. @default 0 */
  workers?: number;
  /** Resamples of the intervals. @default 1000 */
  bootstrapSamples?: number;
  /** Workers to use in place of new ones; they are left open. */
  pool?: ComputePool;
  /** Told once everything is open and the work begins. */
  onStart?: (about: { model: string; parameters: number; settings: EnvironmentSettings }) => void;
  onProgress?: (progress: EvaluationProgress) => void;
  signal?: AbortSignal | undefined;
}

export interface CheckpointEvaluation {
  /** Name of the model. */
  model: string;
  evaluation: ModelEvaluation;
  /** The rules that it was played by. */
  settings: EnvironmentSettings;
  /** What playing the questions took; source referencing and thinking are apart from that, and not in it. */
  cost: CostReport;
}

/** Opens the index once before any work, so that a damaged one is found here; the workers open it anew. */
async function openCorpus(retriever: RetrieverSource | undefined): Promise<Document[] | undefined> {
  if (retriever === undefined || !('directory' in retriever)) return undefined;
  await (await loadRetriever({ directory: retriever.directory })).close();
  return loadCorpus({ path: join(retriever.directory, 'corpus.jsonl') });
}

async function openPool({ engine = 'auto', workers = 0 }: EvaluateCheckpointOptions): Promise<ComputePool> {
  const { name } = await selectEngine(engine === 'auto' ? {} : { engine });
  return createComputePool({ engine: name, workers: workers === 0 ? availableParallelism() : workers });
}

/**
 * Evaluates a model folder: plays every question of every set by the rules of the model and scores the episodes.
 *
 * @throws ConfigError when the model or the index is missing, damaged or does not fit, or the sets are empty or named alike
 * @throws whatever the engine throws; the signal's reason
 */
export async function evaluateCheckpoint(options: EvaluateCheckpointOptions): Promise<CheckpointEvaluation> {
  const { retriever, sets, seed = 0, reading = true, signal, onProgress } = options;
  const checkpoint = resolve(options.checkpoint);
  const model = options.name ?? basename(checkpoint);
  const { weights, settings } = await openInput(openModel(checkpoint));
  if (isSearch(settings) !== (retriever !== undefined)) {
    throw new ConfigError(
      retriever === undefined
        ? 'searches: give either --index DIR or --url URL'
        : `plays ${settings.kind}, where nothing is searched: leave out --index and --url`,
      { where: checkpoint },
    );
  }
  const corpus = await openInput(openCorpus(retriever));
  const pool = options.pool ?? (await openPool(options));
  try {
    await pool.broadcast({
      kind: 'model',
      name: model,
      config: weights.config,
      valueHead: false,
      weights: weights.parameters,
    });
    options.onStart?.({ model, parameters: weights.parameters.length, settings });
    const meter = createCostMeter({ engine: pool.engine ?? 'unknown' });
    const costs: EpisodeCost[] = [];
    const evaluation = await evaluateModel({
      playground: {
        pool,
        tokenizer: await tokenizerFolder(checkpoint),
        environment: settings,
        ...(retriever === undefined ? {} : { retriever }),
      },
      policy: { model },
      sets,
      seed,
      ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
      ...(options.samplesPerTask === undefined ? {} : { samplesPerTask: options.samplesPerTask }),
      ...(options.batchSize === undefined ? {} : { batchSize: options.batchSize }),
      ...(options.bootstrapSamples === undefined ? {} : { bootstrapSamples: options.bootstrapSamples }),
      ...(reading && corpus !== undefined ? { corpus } : {}),
      onProgress: (progress) => {
        if (progress.part === 'episodes' && progress.done === 0) meter.restart();
        onProgress?.(progress);
      },
      onEpisodes: ({ set, trajectories }) => {
        costs.push(...meter.record(trajectories.map((trajectory) => ({ set, trajectory }))));
      },
      signal,
    });
    return { model, evaluation, settings, cost: costReport(costs, { threads: pool.parallel }) };
  } finally {
    if (options.pool === undefined) await pool.close();
  }
}
