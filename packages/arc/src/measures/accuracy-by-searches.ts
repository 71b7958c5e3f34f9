import type { BootstrapOptions } from '../statistics/bootstrap-figures.js';
import { bootstrapInterval } from '../statistics/bootstrap-interval.js';
import type { Figure } from '../statistics/figure.js';
import type { EpisodeMeasures } from './measure-trajectory.js';
import { taskKey } from './summarize-measures.js';

interface AccuracyRow {
  searches: number;
  /** Whether episodes with more searches are in it too. */
  isOrMore: boolean;
  /** At least one; the figure leaves out those without the measure. */
  members: readonly EpisodeMeasures[];
  accuracy: Figure;
}

/** The row that an episode is in; null where its searches are not known. */
export const searchesRowOf = ({ executedSearches }: EpisodeMeasures, orMore: number): number | null =>
  executedSearches === null ? null : Math.min(executedSearches, orMore);

/** The accuracy of the episodes with each number of executed searches; episodes whose searches are not known are left out. */
export function accuracyBySearches(
  options: BootstrapOptions & {
    episodes: readonly EpisodeMeasures[];
    measure: 'exactMatch' | 'correct';
    /** Episodes with so many searches or more share a row. */
    orMore: number;
  },
): AccuracyRow[] {
  const { episodes, measure, orMore, ...bootstrap } = options;
  return Array.from({ length: orMore + 1 }, (_, searches): AccuracyRow => {
    const members = episodes.filter((episode) => searchesRowOf(episode, orMore) === searches);
    const accuracy = bootstrapInterval({
      ...bootstrap,
      values: members.map((episode) => episode[measure] ?? Number.NaN),
      clusters: members.map(taskKey),
    });
    return { searches, isOrMore: searches === orMore, members, accuracy };
  }).filter(({ members }) => members.length > 0);
}
