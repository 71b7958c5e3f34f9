import type { Trajectory } from '@dgpo/trajectory';
import type { EpisodeMeasures } from '../measures/measure-trajectory.js';

/** A whole episode with its measures. */
export interface ExampleEpisode {
  measures: EpisodeMeasures;
  trajectory: Trajectory;
}

/** From this many searches on, right episodes count as alike. */
const manySearches = 5;

/**
 * Keeps a few whole episodes of many, as they stream by: those of every cause, and of right ones those with each number of searches,
 * in turn until there are enough.
 */
export function createExamples(count: number) {
  const bins = new Map<string, { row: number; example: ExampleEpisode }[]>();
  let rows = 0;
  return {
    add(example: ExampleEpisode): void {
      const { cause, correct, executedSearches } = example.measures;
      const right = `right ${Math.min(executedSearches ?? 0, manySearches)}`;
      const key = cause?.name ?? (correct === 1 ? right : 'wrong');
      const bin = bins.get(key) ?? [];
      bins.set(key, bin);
      if (bin.length < count) bin.push({ row: rows, example });
      rows++;
    },
    /** In the order in which they came. */
    chosen(): ExampleEpisode[] {
      const longest = Math.max(0, ...[...bins.values()].map((bin) => bin.length));
      const inTurn = Array.from({ length: longest }, (_, place) =>
        [...bins.values()].flatMap((bin) => bin[place] ?? []),
      );
      const chosen = inTurn.flat().slice(0, count);
      return chosen.sort((a, b) => a.row - b.row).map(({ example }) => example);
    },
  };
}
