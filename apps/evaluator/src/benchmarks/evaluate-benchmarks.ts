import { type Policy, streamEpisodes } from '@dgpo/envs';
import type { Benchmark } from '@dgpo/envs/benchmarks';
import { ConfigError, RetrieverError, type Trajectory } from '@dgpo/trajectory';
import type { CostMeter } from '../cost/cost-meter.js';
import type { EpisodeCost } from '../cost/episode-cost.js';
import type { EnvironmentOf } from './benchmark-environment.js';
import { averageBenchmarks, type BenchmarkAverages, type BenchmarkScore, scoreBenchmark } from './score-benchmark.js';

export interface EvaluateBenchmarksOptions {
  /** Whatever plays episodes: a model here, a server elsewhere. */
  policy: Policy;
  benchmarks: readonly Benchmark[];
  /** The environment in which a benchmark is played; `benchmarkEnvironment` makes the usual ones. */
  environmentOf: EnvironmentOf;
  /** 0 is greedy. @default 0 */
  temperature?: number;
  /** Episodes per question. @default 1 */
  samplesPerTask?: number;
  /** Of sampling and of the bootstrap. @default 0 */
  seed?: number;
  /** Episodes side by side. @default 64 */
  batchSize?: number;
  /** Resamples of the intervals. @default 1000 */
  bootstrapSamples?: number;
  /** Measures what the episodes take. @default nobody does */
  meter?: CostMeter;
  onProgress?: (progress: { benchmark: string; done: number; total: number }) => void;
  signal?: AbortSignal | undefined;
}

export interface EvaluatedBenchmark {
  score: BenchmarkScore;
  /** In the order of the questions. */
  trajectories: Trajectory[];
  /** What each of them took; empty without a meter. */
  costs: EpisodeCost[];
}

export interface BenchmarkEvaluation {
  /** In the order given. */
  benchmarks: EvaluatedBenchmark[];
  averages: BenchmarkAverages;
}

const maxErrorRate = 0.9;

/**
 * Plays every question of every benchmark in its environment and scores the answers: exact match and F1 for question answering,
 * equivalence for mathematics. The figures do not depend on the batch size.
 * @throws ConfigError when two benchmarks are one or one is empty, or where an environment cannot be made; RetrieverError when searches
 *   broke more than nine episodes of ten; whatever the policy throws; the signal's reason.
 */
export async function evaluateBenchmarks(options: EvaluateBenchmarksOptions): Promise<BenchmarkEvaluation> {
  const { policy, benchmarks, environmentOf, temperature = 0, samplesPerTask = 1, seed = 0, batchSize = 64 } = options;
  const bootstrap = { bootstrapSamples: options.bootstrapSamples ?? 1000, seed };
  if (new Set(benchmarks.map(({ name }) => name)).size !== benchmarks.length) {
    throw new ConfigError('a benchmark stands twice', { where: 'benchmarks' });
  }
  const empty = benchmarks.find(({ tasks }) => tasks.length === 0);
  if (empty !== undefined) throw new ConfigError('has no questions', { where: `benchmark ${empty.name}` });
  // All of them before the first episode: what is missing is found here and not after hours.
  const playable = benchmarks.map((benchmark) => ({ benchmark, environment: environmentOf(benchmark) }));
  const played = [];
  for (const { benchmark, environment } of playable) {
    const total = benchmark.tasks.length * samplesPerTask;
    const trajectories: Trajectory[] = [];
    const costs: EpisodeCost[] = [];
    options.meter?.restart();
    for await (const trajectory of streamEpisodes({
      environment,
      policy,
      tasks: benchmark.tasks,
      samplesPerTask,
      temperature,
      seed,
      batchSize,
      signal: options.signal,
    })) {
      trajectories.push(trajectory);
      costs.push(...(options.meter?.record([{ set: benchmark.name, trajectory }]) ?? []));
      options.onProgress?.({ benchmark: benchmark.name, done: trajectories.length, total });
    }
    const scored = scoreBenchmark({ benchmark, trajectories, ...bootstrap });
    if (scored.score.errors > maxErrorRate * trajectories.length) {
      const reason = trajectories.find(({ outcome }) => outcome.error !== undefined)?.outcome.error;
      throw new RetrieverError(
        `searches failed in ${scored.score.errors} of ${trajectories.length} episodes (${reason ?? 'no reason given'}); mend the search engine`,
        { where: benchmark.name },
      );
    }
    played.push({ scored, trajectories, costs });
  }
  return {
    benchmarks: played.map(({ scored, trajectories, costs }) => ({ score: scored.score, trajectories, costs })),
    averages: averageBenchmarks({ scored: played.map(({ scored }) => scored), ...bootstrap }),
  };
}
