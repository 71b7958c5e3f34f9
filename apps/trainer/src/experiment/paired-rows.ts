import { pairedBootstrap } from '@dgpo/arc';
import type { MethodRun } from './method-run.js';
import { seedInterval } from './seed-interval.js';

const points = (share: number) => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)}`;
const between = (low: number, high: number) => `[${points(low)}, ${points(high)}]`;

/** Which questions of a set a run got right, 1 or 0 each. */
const rightOf = (run: MethodRun, set: string) =>
  [...(run.sets.find(({ name }) => name === set)?.correct ?? '')].map(Number);

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Question by question, the mean over runs. */
const meanOver = (runs: readonly number[][]) =>
  (runs[0] ?? []).map((_, question) => mean(runs.map((run) => run[question] ?? 0)));

/**
 * Rows of a table: the candidate's exact match less that of every other row on the same questions and seeds, in points. Two intervals,
 * because they answer two questions: whether other questions would say the same, and whether other trainings would.
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
      const [mine, theirs] = [right(own), right(others)];
      const {
        mean: difference,
        low,
        high,
      } = pairedBootstrap({
        candidate: meanOver(mine),
        baseline: meanOver(theirs),
        bootstrapSamples: 10_000,
      });
      const overSeeds = seedInterval(mine.map((run, index) => mean(run) - mean(theirs[index] ?? [])));
      return [
        `${points(difference)} ${between(low, high)}`,
        seeds.length < 2 ? '–' : between(overSeeds.low, overSeeds.high),
      ];
    });
    return [[label, String(seeds.length), ...cells]];
  });
}
