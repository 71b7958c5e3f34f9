import { type Figure, formatMean, formatNumber, formatRange, renderReport, type TableOptions } from '@dgpo/arc';
import { costRows } from '../cost/cost-table.js';
import type { Leaderboard, LeaderboardRow } from './leaderboard.js';
import type { LeftOutFile } from './result-file.js';

const mark = ' ★';

/** `0.335 [0.294, 0.376]`, the mean alone where the interval is not known. */
function formatFigure(figure: Figure): string {
  if (Number.isFinite(figure.low) && Number.isFinite(figure.high))
    return `${formatMean(figure)} ${formatRange(figure)}`;
  return formatMean({ ...figure, low: figure.mean, high: figure.mean });
}

/** Benchmarks, their average, costs where any row has them, and how it was sampled. */
export function leaderboardTable({ benchmarks, rows }: Leaderboard): TableOptions {
  const right = (header: string) => ({ header, align: 'right' as const });
  const costs = rows.some(({ cost }) => cost !== null) ? costRows.filter(({ column }) => column !== undefined) : [];
  const average = (row: LeaderboardRow) => {
    const share = row.average.count < benchmarks.length ? ` (${row.average.count} of ${benchmarks.length})` : '';
    return `${formatFigure(row.average)}${share}${row.isBestAverage ? mark : ''}`;
  };
  return {
    columns: [
      'model',
      ...benchmarks.map(right),
      ...(benchmarks.length > 1 ? [right('average')] : []),
      ...costs.map(({ label, column = label }) => right(column)),
      ...(costs.length > 0 ? ['engine'] : []),
      'sampling',
    ],
    rows: rows.map((row) => [
      row.name,
      ...row.figures.map((cell, column) =>
        cell === null ? null : `${formatFigure(cell.figure)}${row.best.includes(benchmarks[column] ?? '') ? mark : ''}`,
      ),
      ...(benchmarks.length > 1 ? [average(row)] : []),
      ...costs.map(({ amountOf }) => {
        const amount = row.cost === null ? null : amountOf(row.cost);
        return amount === null ? null : formatNumber(amount);
      }),
      ...(costs.length > 0 ? [row.cost?.engine] : []),
      row.sampling === '' ? null : row.sampling,
    ]),
  };
}

/** What the table leaves unsaid, a sentence each. */
export function leaderboardNotes({ measure, benchmarks, rows, uneven }: Leaderboard): string[] {
  return [
    `${measure} with 95 % intervals: bootstrap over questions, or 1.96 standard errors in files of lm-eval.`,
    ...(benchmarks.length > 1
      ? ['The average gives every benchmark the same weight; rows with fewer benchmarks stand below.']
      : []),
    rows.some(({ best, isBestAverage }) => best.length > 0 || isBestAverage)
      ? '★ marks a figure whose interval lies apart from that of every other row (one of no width is taken for 3 questions wide). dgpo-eval compare pairs questions and finds smaller differences.'
      : 'No figure is marked as best (★): no interval lies apart from those of all other rows. dgpo-eval compare pairs questions and finds smaller differences.',
    ...uneven.map(
      ({ benchmark, fewest, most }) =>
        `On ${benchmark} the rows were asked ${fewest} to ${most} questions, so no best is marked there.`,
    ),
    ...(rows.some(({ cost }) => cost !== null)
      ? [
          'Costs: wall time, tokens written and searches of one question, on the engine named; peak memory is that of the whole process.',
        ]
      : []),
  ];
}

/** The leaderboard as one HTML page. */
export function renderLeaderboard(board: Leaderboard, leftOut: readonly LeftOutFile[]): string {
  return renderReport({
    title: 'Leaderboard',
    subtitle: `${board.rows.length} results, ${board.measure}.`,
    tables: [
      { title: 'Models', ...leaderboardTable(board), caption: leaderboardNotes(board).join(' ') },
      ...(leftOut.length === 0
        ? []
        : [
            { title: 'Left out', columns: ['file', 'reason'], rows: leftOut.map(({ path, reason }) => [path, reason]) },
          ]),
    ],
  });
}
