import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ReportTranscript, scoreTrajectories } from '@dgpo/arc';
import type { Benchmark } from '@dgpo/envs/benchmarks';
import { mostFrequentAnswerBaseline, writeEvaluation } from '@dgpo/trainer';
import { DatasetError } from '@dgpo/trajectory';
import { renderBenchmarkReport } from './benchmark-report.js';
import type { BenchmarkEvaluation } from './evaluate-benchmarks.js';

export interface BenchmarkResultsOptions {
  /** Name of the model. */
  model: string;
  evaluation: BenchmarkEvaluation;
  /** Whatever the figures depend on. */
  settings: { seed: number; bootstrapSamples: number; [name: string]: unknown };
}

/** The figures as plain data: scores in the order of the benchmarks, then the averages. */
export function benchmarkResults({ model, evaluation, settings }: BenchmarkResultsOptions) {
  const { benchmarks, averages } = evaluation;
  return { formatVersion: 1, model, settings, benchmarks: benchmarks.map(({ score }) => score), averages };
}

export interface WriteBenchmarksOptions extends BenchmarkResultsOptions {
  /** Made when absent; files of the same names are replaced. */
  directory: string;
  benchmarks: readonly Benchmark[];
  /** Below the title of the report. */
  subtitle: string;
  /** Episodes to show in the report. @default none */
  transcripts?: readonly ReportTranscript[];
}

/**
 * Writes `benchmarks.json` ({@link benchmarkResults}), `report.html`, and what `dgpo-eval run` writes: `results.json` and
 * `samples_<benchmark>.jsonl`, so that two evaluations can be compared question by question.
 * @throws DatasetError when a file cannot be written.
 */
export async function writeBenchmarks(options: WriteBenchmarksOptions): Promise<void> {
  const { directory, model, evaluation, benchmarks, settings, subtitle, transcripts = [] } = options;
  const { seed, bootstrapSamples } = settings;
  await writeEvaluation({
    directory,
    model,
    settings,
    evaluation: {
      sets: evaluation.benchmarks.map(({ score, trajectories }) => ({
        name: score.name,
        summary: scoreTrajectories(trajectories, { seed, bootstrapSamples }),
        trajectories,
        baseline: mostFrequentAnswerBaseline(benchmarks.find(({ name }) => name === score.name)?.tasks ?? []),
      })),
    },
  });
  const files = {
    'benchmarks.json': `${JSON.stringify(benchmarkResults(options), null, 2)}\n`,
    'report.html': renderBenchmarkReport({ model, subtitle, evaluation, transcripts }),
  };
  for (const [name, text] of Object.entries(files)) {
    const where = join(directory, name);
    await writeFile(where, text).catch((cause: unknown) => {
      throw new DatasetError('cannot be written', { where, cause });
    });
  }
}
