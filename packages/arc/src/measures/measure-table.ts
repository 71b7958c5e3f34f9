import { type Cell, formatMean } from '../format-number.js';
import type { TableOptions } from '../format-table.js';
import type { EpisodeComparison } from './compare-episodes.js';
import { measureDescriptions } from './measure-descriptions.js';
import { measureNames } from './measure-trajectory.js';
import { endings, type ScoreSummary } from './summarize-measures.js';

const endingLabels = {
  answer: 'ended by answer',
  turns: 'ended by turn limit',
  length: 'ended by length limit',
  error: 'ended by error',
} as const;

/** A summary as a table: measures down, all episodes and each group across. Measures that no episode has are left out. */
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
  return { columns: ['measure', 'all', ...Object.keys(groups)], rows };
}

/** A comparison as a table. Measures that were not taken on both are left out. */
export function comparisonTable({ measures }: EpisodeComparison): TableOptions {
  const rows = measureNames
    .filter((name) => measures[name].difference.count > 0)
    .map((name): Cell[] => {
      const { baseline, candidate, difference, pValue } = measures[name];
      const { count } = difference;
      // Both with the same decimals.
      const range = { low: Math.min(baseline, candidate), high: Math.max(baseline, candidate), count };
      const means = [baseline, candidate].map((mean) => formatMean({ mean, ...range }));
      return [measureDescriptions[name].label, ...means, difference, formatProbability(pValue), count];
    });
  const right = (header: string) => ({ header, align: 'right' as const });
  return { columns: ['measure', ...['baseline', 'candidate', 'difference', 'p', 'questions'].map(right)], rows };
}

/** A p-value for people. */
export const formatProbability = (value: number): string => (value < 0.001 ? '< 0.001' : value.toFixed(3));
