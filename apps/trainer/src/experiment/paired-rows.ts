import type { MethodRun } from './method-run.js';
import { pairedDifference } from './paired-difference.js';

/** Which questions of a set a run got right, 1 or 0 each. */
const rightOf = (run: MethodRun, set: string) =>
  [...(run.sets.find(({ name }) => name === set)?.correct ?? '')].map(Number);

/**
 * Rows of a table: the candidate's exact match less that of every other row on the same questions and seeds, in points, as
 * {@link pairedDifference} gives it.
 */
export function pairedRows(options: {
  /** Name of the row that is compared with all others. */
  candidate: string;
  runs: readonly MethodRun[];
  /** Names of rows as shown, in the order of the table. */
  labels: ReadonlyMap<string, string>;
}): string[][] {
  const { candidate, runs, labels } = options;
  const ofRow = (row: string) => new Map(runs.filter((run) => run.row === row).map((run) => [run.seed, run]));
  const own = ofRow(candidate);
  return [...labels].flatMap(([row, label]) => {
    const others = ofRow(row);
    const seeds = [...own.keys()].filter((seed) => others.has(seed)).sort((a, b) => a - b);
    if (row === candidate || seeds.length === 0) return [];
    const cells = ['fiction', 'facts'].flatMap((set) => {
      const right = (rows: ReadonlyMap<number, MethodRun>) =>
        seeds.flatMap((seed) => {
          const run = rows.get(seed);
          return run === undefined ? [] : [rightOf(run, set)];
        });
      return pairedDifference({ candidate: right(own), baseline: right(others) });
    });
    return [[label, String(seeds.length), ...cells]];
  });
}
