import { type CauseName, causeDescriptions, causeNames } from '../diagnostics/cause.js';
import { type Cell, formatMean } from '../format-number.js';
import type { TableOptions } from '../format-table.js';
import type { EpisodeComparison, MeasureComparison } from './compare-episodes.js';
import { measureDescriptions } from './measure-descriptions.js';
import { measureNames } from './measure-trajectory.js';
import { endings, type ScoreSummary } from './summarize-measures.js';

const endingLabels = {
  answer: 'ended by answer',
  turns: 'ended by turn limit',
  length: 'ended by length limit',
  error: 'ended by error',
} as const;

/**
 * A summary as a table: measures down, all episodes and each group across. Measures and causes that no episode has are left out;
 * causes are shares of the failed episodes.
 */
export function scoreTable({ overall, groups }: ScoreSummary): TableOptions {
  const columns = [overall, ...Object.values(groups)];
  const rows: Cell[][] = [
    ['episodes', ...columns.map(({ episodes }) => episodes)],
    ['questions', ...columns.map(({ tasks }) => tasks)],
  ];
  for (const name of measureNames) {
    if (overall.figures[name].count === 0) continue;
    rows.push([measureDescriptions[name].label, ...columns.map(({ figures }) => figures[name])]);
  }
  for (const ending of endings) {
    if (overall.endedBy[ending].mean > 0)
      rows.push([endingLabels[ending], ...columns.map(({ endedBy }) => endedBy[ending])]);
  }
  if (overall.failed > 0) rows.push(['failed episodes', ...columns.map(({ failed }) => failed)]);
  for (const name of causeNames) {
    if (overall.causes[name].episodes > 0)
      rows.push([causeLabel(name), ...columns.map(({ causes }) => causes[name].share)]);
  }
  return { columns: ['measure', 'all', ...Object.keys(groups)], rows };
}

const causeLabel = (name: CauseName) => `failed: ${causeDescriptions[name].label}`;

/**
 * A comparison as a table. Measures that were not taken on both and causes that neither has are left out; causes are shares of all
 * episodes.
 */
export function comparisonTable({ measures, causes }: EpisodeComparison): TableOptions {
  const rows = [
    ...measureNames
      .filter((name) => measures[name].difference.count > 0)
      .map((name) => comparisonRow(measureDescriptions[name].label, measures[name])),
    ...causeNames.flatMap((name) => {
      const comparison = causes[name];
      return comparison === undefined ? [] : [comparisonRow(causeLabel(name), comparison)];
    }),
  ];
  const right = (header: string) => ({ header, align: 'right' as const });
  return { columns: ['measure', ...['baseline', 'candidate', 'difference', 'p', 'questions'].map(right)], rows };
}

function comparisonRow(label: string, { baseline, candidate, difference, pValue }: MeasureComparison): Cell[] {
  const { count } = difference;
  // Both with the same decimals.
  const range = { low: Math.min(baseline, candidate), high: Math.max(baseline, candidate), count };
  const means = [baseline, candidate].map((mean) => formatMean({ mean, ...range }));
  return [label, ...means, difference, formatProbability(pValue), count];
}

/** A p-value for people. */
export const formatProbability = (value: number): string => (value < 0.001 ? '< 0.001' : value.toFixed(3));
