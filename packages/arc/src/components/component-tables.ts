import { type Cell, formatMean } from '../format-number.js';
import type { TableOptions } from '../format-table.js';
import { measureDescriptions } from '../measures/measure-descriptions.js';
import { formatProbability } from '../measures/measure-table.js';
import type { Figure } from '../statistics/figure.js';
import type { ComponentComparison } from './compare-components.js';
import { type ComponentScores, componentLabels, componentMeasures, componentNames } from './component-rows.js';

/** The figures of every component that was measured. */
export function componentTable(scores: ComponentScores): TableOptions {
  const rows = componentNames.flatMap((component) => {
    const score = scores[component] as (Partial<Record<string, Figure>> & { episodes: unknown[] }) | null;
    if (score === null) return [];
    return componentMeasures[component].flatMap((measure): Cell[][] => {
      const figure = score[measure];
      if (figure === undefined || figure.count === 0) return [];
      return [[componentLabels[component], measureDescriptions[measure].label, figure, figure.count]];
    });
  });
  return { columns: ['component', 'measure', 'value', 'questions'], rows };
}

/** A comparison as a table. */
export function componentComparisonTable(comparisons: readonly ComponentComparison[]): TableOptions {
  const rows = comparisons.map(({ component, measure, baseline, candidate, difference, pValue, mcnemar }): Cell[] => {
    // Both with the same decimals.
    const range = { low: Math.min(baseline, candidate), high: Math.max(baseline, candidate), count: difference.count };
    return [
      componentLabels[component],
      measureDescriptions[measure].label,
      ...[baseline, candidate].map((mean) => formatMean({ mean, ...range })),
      difference,
      formatProbability(pValue),
      mcnemar === null ? null : formatProbability(mcnemar.pValue),
      difference.count,
    ];
  });
  const right = (header: string) => ({ header, align: 'right' as const });
  const numbers = ['baseline', 'candidate', 'difference', 'p', "McNemar's p", 'questions'];
  return { columns: ['component', 'measure', ...numbers.map(right)], rows };
}
