import type { TableOptions } from '../format-table.js';
import type { ReportCurve } from '../report/report-options.js';
import type { BootstrapOptions } from '../statistics/bootstrap-figures.js';
import type { Figure } from '../statistics/figure.js';
import { accuracyBySearches } from './accuracy-by-searches.js';
import type { EpisodeMeasures } from './measure-trajectory.js';

/** The episodes with one number of executed searches. */
export interface SearchesRow {
  searches: number;
  /** Whether episodes with more searches are in it too. */
  isOrMore: boolean;
  /** Exact match over its episodes; their number is the count. */
  exactMatch: Figure;
}

export interface ExactMatchBySearchesOptions extends BootstrapOptions {
  /** Episodes, such as those of multi-hop questions alone; one without golden answers is left out. */
  episodes: readonly EpisodeMeasures[];
  /** Episodes with so many searches or more share a row. @default 5 */
  orMore?: number;
}

/**
 * Exact match against executed searches: for each number of searches that were carried out, the exact match of the episodes with so many
 * (the second half of the ARC component thinking: DGPO, arXiv 2508.20324). Numbers that no episode has are left out. It shows what goes
 * together, not what causes what: hard questions need more searches.
 *
 * @throws RangeError if an option makes no sense.
 */
export function exactMatchBySearches(options: ExactMatchBySearchesOptions): SearchesRow[] {
  const { episodes, orMore = 5, ...bootstrap } = options;
  if (!Number.isInteger(orMore) || orMore < 1) {
    throw new RangeError(`orMore must be a whole number of at least 1, not ${orMore}`);
  }
  return accuracyBySearches({ ...bootstrap, episodes, orMore, measure: 'exactMatch' })
    .filter(({ accuracy }) => accuracy.count > 0)
    .map(({ searches, isOrMore, accuracy }) => ({ searches, isOrMore, exactMatch: accuracy }));
}

/** The rows as a table. */
export const searchesTable = (rows: readonly SearchesRow[]): TableOptions => ({
  columns: ['executed searches', 'exact match', 'episodes'],
  rows: rows.map(({ searches, isOrMore, exactMatch }) => [
    isOrMore ? `${searches} or more` : String(searches),
    exactMatch,
    exactMatch.count,
  ]),
});

/** The rows as a curve with its band. */
export const searchesCurve = (rows: readonly SearchesRow[]): ReportCurve => ({
  title: 'Exact match by executed searches',
  xLabel: 'executed searches',
  yRange: [0, 1],
  series: [
    {
      name: 'exact match',
      points: rows.map(({ searches, exactMatch }) => [searches, exactMatch.mean] as const),
      band: rows.map(({ searches, exactMatch }) => [searches, exactMatch.low, exactMatch.high] as const),
    },
  ],
});
