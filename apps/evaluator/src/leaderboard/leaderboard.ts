import type { Figure } from '@dgpo/arc';
import type { EvaluationCost } from '../cost/evaluation-cost.js';
import type { BenchmarkFigure, ResultFile } from './result-file.js';

/** What a table of several models shows of one result file. */
export interface LeaderboardRow {
  /** The model; with the file behind it where several files name the same. */
  name: string;
  path: string;
  origin: ResultFile['origin'];
  /** In the order of the columns; null where the file has none. */
  figures: (BenchmarkFigure | null)[];
  /** The benchmarks on which its interval lies apart from that of every other row. */
  best: string[];
  /** The same of the average. */
  isBestAverage: boolean;
  /** Over the benchmarks that it has, each with the same weight; `count` is their number. */
  average: Figure;
  sampling: string;
  cost: EvaluationCost | null;
}

export interface Leaderboard {
  measure: string;
  /** The benchmarks, in the order in which they are found. */
  benchmarks: string[];
  /** Rows with more benchmarks first, then by average, then by name. */
  rows: LeaderboardRow[];
  /** Columns whose rows were asked different numbers of questions, with the fewest and the most. */
  uneven: { benchmark: string; fewest: number; most: number }[];
}

export interface LeaderboardOptions {
  results: readonly ResultFile[];
  /** @default 'exactMatch' */
  measure?: string;
}

/**
 * The mean of means of independent benchmarks. Its half-width is the root of the sum of the squares of theirs, over their number: exact
 * for normal intervals, as good as they are for others.
 */
function averageOf(figures: readonly (BenchmarkFigure | null)[]): Figure {
  const known = figures.flatMap((cell) => (cell === null ? [] : [cell.figure]));
  const count = known.length;
  const mean = known.reduce((sum, figure) => sum + figure.mean, 0) / count;
  const half = (side: 'low' | 'high') => Math.hypot(...known.map((figure) => figure[side] - figure.mean)) / count;
  return { mean, low: mean - half('low'), high: mean + half('high'), count };
}

/**
 * For marking: all right or all wrong gives a bootstrap interval of no width, but among n questions the true rate may still be as far off
 * as about 3/n.
 */
function widened(cell: BenchmarkFigure | null): BenchmarkFigure | null {
  if (cell === null || cell.figure.low !== cell.figure.high) return cell;
  const { mean } = cell.figure;
  const half = cell.questions === null ? Number.NaN : 3 / cell.questions;
  return { ...cell, figure: { ...cell.figure, low: mean - half, high: mean + half } };
}

const byCodePoint = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Whether the interval of the first lies wholly on the better side of the others; false where an interval is not known. */
const isApart = (first: Figure, others: readonly Figure[], higherIsBetter: boolean) =>
  others.every((other) => (higherIsBetter ? first.low > other.high : first.high < other.low));

/** The row that is best by the figures of every row, of which some may have none. */
function bestRow(figures: readonly (Figure | null)[], higherIsBetter: boolean): number | undefined {
  if (figures.filter((figure) => figure !== null).length < 2) return undefined;
  const index = figures.findIndex(
    (figure, row) =>
      figure !== null &&
      isApart(figure, figures.filter((other, place) => other !== null && place !== row) as Figure[], higherIsBetter),
  );
  return index === -1 ? undefined : index;
}

/** Puts result files into one table. */
export function leaderboard({ results, measure = 'exactMatch' }: LeaderboardOptions): Leaderboard {
  const benchmarks = [...new Set(results.flatMap(({ figures }) => [...figures.keys()]))];
  const directions = results.map(({ higherIsBetter }) => higherIsBetter);
  // Where files disagree, or neither is better, nothing is marked.
  const [direction = null] = new Set(directions).size === 1 ? directions : [];
  const rows = results.map((result): LeaderboardRow => {
    const figures = benchmarks.map((name) => result.figures.get(name) ?? null);
    const isAlone = results.filter(({ model }) => model === result.model).length === 1;
    return {
      name: isAlone ? result.model : `${result.model} (${result.path})`,
      path: result.path,
      origin: result.origin,
      figures,
      best: [],
      isBestAverage: false,
      average: averageOf(figures),
      sampling: result.sampling,
      cost: result.cost ?? null,
    };
  });
  rows.sort(
    (a, b) =>
      b.average.count - a.average.count ||
      (direction === false ? a.average.mean - b.average.mean : b.average.mean - a.average.mean) ||
      byCodePoint(a.name, b.name) ||
      byCodePoint(a.path, b.path),
  );
  const questionsOf = (column: number) => rows.flatMap(({ figures }) => figures[column]?.questions ?? []);
  const uneven = benchmarks.flatMap((benchmark, column) => {
    const questions = questionsOf(column);
    const [fewest, most] = [Math.min(...questions), Math.max(...questions)];
    return questions.length > 0 && fewest < most ? [{ benchmark, fewest, most }] : [];
  });
  if (direction !== null) {
    const isFair = (benchmark: string) => uneven.every((column) => column.benchmark !== benchmark);
    benchmarks.forEach((benchmark, column) => {
      const figures = rows.map((row) => widened(row.figures[column] ?? null)?.figure ?? null);
      const index = isFair(benchmark) ? bestRow(figures, direction) : undefined;
      if (index !== undefined) rows[index]?.best.push(benchmark);
    });
    const averages = rows.map(({ figures }) => (figures.includes(null) ? null : averageOf(figures.map(widened))));
    const best = uneven.length === 0 ? rows[bestRow(averages, direction) ?? -1] : undefined;
    if (best !== undefined) best.isBestAverage = true;
  }
  return { measure, benchmarks, rows, uneven };
}
