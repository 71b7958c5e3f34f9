import { measureDescriptions } from './measures/measure-descriptions.js';
import { type EpisodeMeasures, type MeasureName, measureNames } from './measures/measure-trajectory.js';
import { type ScoreSummary, taskKey } from './measures/summarize-measures.js';

export interface LmEvalResultsOptions {
  /** Name of the task; groups are written as tasks of their own, `<task>_<group>`. @default 'search_qa' */
  task?: string;
  /** Name of the model. @default the policy that the episodes name, if they agree */
  model?: string;
}

/** The result file of lm-evaluation-harness, as far as figures go. */
export interface LmEvalResults {
  /** `results.<task>."exact_match,none"` and `"exact_match_stderr,none"`. */
  results: Record<string, Record<string, string | number>>;
  group_subtasks: Record<string, string[]>;
  versions: Record<string, number>;
  'n-shot': Record<string, number>;
  higher_is_better: Record<string, Record<string, boolean>>;
  'n-samples': Record<string, { original: number; effective: number }>;
  config: { model: string | null; bootstrap_iters: number; random_seed: number };
  model_name: string | null;
}

/**
 * A summary in the shape of lm-eval's `results_*.json`, so that its table makers and leaderboards read it. The standard error is the
 * sample standard deviation of the per-question means over the square root of the questions, as `mean_stderr` there for one sample
 * per question. Measures that no episode has are left out.
 */
export function lmEvalResults(summary: ScoreSummary, options: LmEvalResultsOptions = {}): LmEvalResults {
  const { task = 'search_qa' } = options;
  const policies = new Set(summary.episodes.map(({ policy }) => policy));
  const model = options.model ?? (policies.size === 1 ? ([...policies][0] ?? null) : null);
  const parts = [
    { name: task, episodes: summary.episodes },
    ...Object.keys(summary.groups).map((group) => ({
      name: `${task}_${group.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '_')}`,
      episodes: summary.episodes.filter((episode) => episode.group === group),
    })),
  ];
  const each = <T>(value: (part: (typeof parts)[number]) => T): Record<string, T> =>
    Object.fromEntries(parts.map((part) => [part.name, value(part)]));
  const directions = measureNames.flatMap((name) => {
    const { higherIsBetter } = measureDescriptions[name];
    return higherIsBetter === null ? [] : [[snakeCase(name), higherIsBetter] as const];
  });
  return {
    results: each(({ name, episodes }) => ({ alias: name, ...metricsOf(episodes) })),
    group_subtasks: each(() => []),
    versions: each(() => 1),
    'n-shot': each(() => 0),
    higher_is_better: each(() => Object.fromEntries(directions)),
    'n-samples': each(({ episodes }) => {
      const tasks = new Set(episodes.map(taskKey)).size;
      return { original: tasks, effective: tasks };
    }),
    config: { model, bootstrap_iters: summary.bootstrapSamples, random_seed: summary.seed },
    model_name: model,
  };
}

function metricsOf(episodes: readonly EpisodeMeasures[]): Record<string, number> {
  const numbers = new Map<string, number>();
  const taskOf = episodes.map((episode) => {
    const key = taskKey(episode);
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  });
  const entries = measureNames.flatMap((name) => {
    const sums = new Float64Array(numbers.size);
    const counts = new Float64Array(numbers.size);
    for (const [row, episode] of episodes.entries()) {
      const value = episode[name];
      const task = taskOf[row] ?? 0;
      if (value === null) continue;
      sums[task] = (sums[task] ?? 0) + value;
      counts[task] = (counts[task] ?? 0) + 1;
    }
    // A task without a measured value is 0 / 0.
    const means = sums.map((sum, task) => sum / (counts[task] ?? 0)).filter(Number.isFinite);
    if (means.length === 0) return [];
    const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
    const key = snakeCase(name);
    return [
      [`${key},none`, total(sums) / total(counts)] as const,
      [`${key}_stderr,none`, standardError(means)] as const,
    ];
  });
  return Object.fromEntries(entries);
}

/** Standard error of the mean; 0 for a single value, as lm-eval writes it. */
function standardError(values: Float64Array): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

const snakeCase = (name: MeasureName) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
