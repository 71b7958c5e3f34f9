import { basename, resolve } from 'node:path';
import type { Benchmark } from '@dgpo/envs/benchmarks';
import { checkPython, createInterpreterPool, createPythonInterpreter } from '@dgpo/envs/code';
import { createDecoder, createSampler, type EngineName, selectEngine, setParameters } from '@dgpo/lm';
import { type EnvironmentSettings, openRetriever, type RetrieverSource } from '@dgpo/trainer';
import { createCostMeter } from '../cost/cost-meter.js';
import { type CostReport, costReport } from '../cost/evaluation-cost.js';
import { openInput, openModel } from '../open-checkpoint.js';
import { benchmarkEnvironment } from './benchmark-environment.js';
import { codeBenchmarkEnvironment } from './code-benchmark-environment.js';
import { type BenchmarkEvaluation, type EvaluateBenchmarksOptions, evaluateBenchmarks } from './evaluate-benchmarks.js';

export interface EvaluateCheckpointBenchmarksOptions
  extends Omit<EvaluateBenchmarksOptions, 'policy' | 'benchmarks' | 'environmentOf' | 'meter'> {
  /** Model folder in Hugging Face layout, or a folder of adapters; the rules of its `agent.json` hold, else those of Search-R1. */
  checkpoint: string;
  benchmarks: readonly Benchmark[];
  /** An index directory, or the address of a Search-R1 `/retrieve` server; needed for question answering alone. */
  retriever?: RetrieverSource;
  /**
   * `plain` searches for knowledge and reasons about mathematics; `code` writes Python that can search, for both.
   * @default 'code' for a model whose agent.json says so, else 'plain'
   */
  environment?: 'plain' | 'code';
  /** Longest solution of a question of mathematics without code, in tokens. @default 2048 */
  maxTokens?: number;
  /** @default the name of the folder */
  name?: string;
  /** @default DGPO_ENGINE, else the fastest that works here */
  engine?: EngineName | 'auto';
  /** Told once everything is open and the work begins. */
  onStart?: (about: { model: string; parameters: number }) => void;
}

export interface CheckpointBenchmarkEvaluation {
  /** Name of the model. */
  model: string;
  evaluation: BenchmarkEvaluation;
  /** The rules by which it searched. */
  settings: EnvironmentSettings;
  /** What playing the questions took. */
  cost: CostReport;
}

/**
 * Evaluates a model folder on benchmarks, in this process.
 *
 * @throws ConfigError when the model or the index is missing, damaged or does not fit, or the engine cannot start; else as
 *   {@link evaluateBenchmarks} does.
 */
export async function evaluateCheckpointBenchmarks(
  options: EvaluateCheckpointBenchmarksOptions,
): Promise<CheckpointBenchmarkEvaluation> {
  const { retriever: source, environment, maxTokens, engine = 'auto', onStart, ...rest } = options;
  const checkpoint = resolve(options.checkpoint);
  const model = options.name ?? basename(checkpoint);
  const retriever = source === undefined ? undefined : await openInput(openRetriever(source));
  const interpreters = createInterpreterPool({ start: createPythonInterpreter });
  try {
    const { weights, settings } = await openInput(openModel(checkpoint));
    const writesCode = (environment ?? (settings.kind === 'code' ? 'code' : 'plain')) === 'code';
    if (writesCode) checkPython();
    const searched = retriever === undefined ? {} : { retriever };
    const environmentOf = writesCode
      ? codeBenchmarkEnvironment({ interpreters, settings, ...searched })
      : benchmarkEnvironment({ settings, ...searched, ...(maxTokens === undefined ? {} : { maxTokens }) });
    const { name: engineName } = await selectEngine(engine === 'auto' ? {} : { engine });
    const decoder = createDecoder({ config: weights.config });
    setParameters(decoder, weights.parameters);
    const sampler = createSampler({ decoder, tokenizer: weights.tokenizer, slots: options.batchSize ?? 64 });
    try {
      onStart?.({ model, parameters: weights.parameters.length });
      const meter = createCostMeter({ engine: engineName });
      const evaluation = await evaluateBenchmarks({
        ...rest,
        policy: { ...sampler, name: model },
        environmentOf,
        meter,
      });
      const cost = costReport(
        evaluation.benchmarks.flatMap(({ costs }) => costs),
        { threads: 1 },
      );
      return { model, evaluation, settings, cost };
    } finally {
      sampler.dispose();
      decoder.dispose();
    }
  } finally {
    await interpreters.close();
    await retriever?.close();
  }
}
