import { type Figure, measureDescriptions, measureNames } from '@dgpo/arc';
import { isRecord } from '../is-record.js';
import type { BenchmarkFigure } from './result-file.js';

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** `exact_match` of lm-eval for our `exactMatch`. */
export const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Whether more of a measure is better; null where neither is. Measures that we do not know are better when higher. */
export function directionOf(measure: string, results: Record<string, unknown>): boolean | null {
  const [name = ''] = measure.split(',');
  const own = measureNames.find((known) => known === name || snakeCase(known) === name);
  if (own !== undefined) return measureDescriptions[own].higherIsBetter;
  const told = isRecord(results.higher_is_better) ? Object.values(results.higher_is_better) : [];
  return !told.some((task) => isRecord(task) && task[name] === false);
}

/** A figure of ours; JSON has null for NaN. Undefined where it is none or nothing was measured. */
function ownFigure(value: unknown): Figure | undefined {
  if (!isRecord(value)) return undefined;
  const { mean, low, high, count } = value;
  return isNumber(mean) && isNumber(low) && isNumber(high) && isNumber(count) && count > 0
    ? { mean, low, high, count }
    : undefined;
}

/** The figure of one measure in what `scoreTrajectories` summed up; `sourceReferencing` and `thinking` stand apart. */
export function figureOfSummary(measure: string, overall: unknown, components?: unknown): BenchmarkFigure | undefined {
  if (!isRecord(overall) || !isRecord(overall.figures)) return undefined;
  const name = measureNames.find((known) => known === measure || snakeCase(known) === measure) ?? measure;
  const component = isRecord(components) ? components[name] : undefined;
  const figure = ownFigure(isRecord(component) ? component.exactMatch : overall.figures[name]);
  return figure === undefined ? undefined : { figure, questions: isNumber(overall.tasks) ? overall.tasks : null };
}

/** The score of a benchmark: a figure with its questions. */
export function figureOfScore(score: unknown): BenchmarkFigure | undefined {
  if (!isRecord(score)) return undefined;
  const figure = ownFigure(score.score);
  return figure === undefined ? undefined : { figure, questions: isNumber(score.questions) ? score.questions : null };
}

/** Half the width of a 95 % interval of the normal distribution, in standard errors. */
const halfWidth = 1.96;

/** lm-eval filters answers in several ways; the strict one is what papers report. */
const filterOrder = ['none', 'strict-match'];

interface MetricKey {
  metric: string;
  filter: string;
}

function metricKeys(task: Record<string, unknown>): MetricKey[] {
  return Object.keys(task).flatMap((key) => {
    const [metric = '', filter = 'none'] = key.split(',');
    return metric === 'alias' || metric.endsWith('_stderr') ? [] : [{ metric, filter }];
  });
}

/** Metrics that the tasks of an lm-eval file have. */
export const metricsOfResults = (results: Record<string, unknown>): string[] => [
  ...new Set(
    Object.values(results)
      .flatMap((task) => (isRecord(task) ? metricKeys(task) : []))
      .map(({ metric }) => metric),
  ),
];

/** Tasks whose figures are in those of a group, which stands there too. */
function groupedTasks(file: Record<string, unknown>, measured: ReadonlySet<string>): Set<string> {
  const groups = isRecord(file.group_subtasks) ? Object.entries(file.group_subtasks) : [];
  return new Set(
    groups.flatMap(([group, subtasks]) =>
      measured.has(group) && Array.isArray(subtasks) ? subtasks.filter((name) => typeof name === 'string') : [],
    ),
  );
}

/**
 * A measure in the `results` of lm-eval, by task. `measure` is a metric (`acc`, `exact_match`), ours in its own spelling too, or a metric
 * with a filter (`exact_match,flexible-extract`); without one, the filter `none`, else `strict-match`, else the first is taken, and any
 * but `none` is named. The interval is 1.96 standard errors to both sides; 0 of lm-eval for a single value and `N/A` are none.
 */
export function figuresOfResults(
  measure: string,
  file: Record<string, unknown>,
  results: Record<string, unknown>,
): Map<string, BenchmarkFigure> {
  const [wanted = '', wantedFilter] = measure.split(',');
  const found = Object.entries(results).flatMap(([task, value]) => {
    if (!isRecord(value)) return [];
    const keys = metricKeys(value).filter(
      ({ metric, filter }) =>
        [wanted, snakeCase(wanted)].includes(metric) && (wantedFilter === undefined || filter === wantedFilter),
    );
    const key = filterOrder.map((name) => keys.find(({ filter }) => filter === name)).find(Boolean) ?? keys[0];
    if (key === undefined) return [];
    // Versions before 0.4 have no filters.
    const stored = (name: string) => value[`${name},${key.filter}`] ?? value[name];
    const mean = stored(key.metric);
    if (!isNumber(mean)) return [];
    const error = stored(`${key.metric}_stderr`);
    const half = isNumber(error) ? halfWidth * error : Number.NaN;
    const samples = isRecord(file['n-samples']) ? file['n-samples'][task] : undefined;
    const questions = isRecord(samples) && isNumber(samples.effective) ? samples.effective : null;
    const figure = { mean, low: mean - half, high: mean + half, count: questions ?? 1 };
    return [{ task, filter: key.filter, figure: { figure, questions } }];
  });
  const inner = groupedTasks(file, new Set(found.map(({ task }) => task)));
  return new Map(
    found
      .filter(({ task }) => !inner.has(task))
      .map(({ task, filter, figure }) => [filter === 'none' ? task : `${task} (${filter})`, figure]),
  );
}
