import { pairedBootstrap } from '@dgpo/arc';
import { seedInterval } from './seed-interval.js';

/** A difference with its sign, none where it rounds to nothing. */
export function signed(value: number, digits: number): string {
  const size = Math.abs(value).toFixed(digits);
  if (Number(size) === 0) return size;
  return `${value < 0 ? '−' : '+'}${size}`;
}

const points = (share: number) => signed(100 * share, 1);
const between = (low: number, high: number) => `[${points(low)}, ${points(high)}]`;

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Question by question, the mean over runs. */
const meanOver = (runs: readonly (readonly number[])[]) =>
  (runs[0] ?? []).map((_, question) => mean(runs.map((run) => run[question] ?? 0)));

/**
 * Two cells of a table: the candidate's mean less the baseline's in points with the interval over questions, and the interval over seeds.
 * They answer two questions: whether other questions would say the same, and whether other trainings would.
 */
export function pairedDifference(options: {
  /** One row a seed, one share a question. */
  candidate: readonly (readonly number[])[];
  /** The same seeds and questions. */
  baseline: readonly (readonly number[])[];
}): [overQuestions: string, overSeeds: string] {
  const { candidate, baseline } = options;
  const {
    mean: difference,
    low,
    high,
  } = pairedBootstrap({
    candidate: meanOver(candidate),
    baseline: meanOver(baseline),
    bootstrapSamples: 10_000,
  });
  const overSeeds = seedInterval(candidate.map((run, index) => mean(run) - mean(baseline[index] ?? [])));
  return [
    `${points(difference)} ${between(low, high)}`,
    candidate.length < 2 ? '–' : between(overSeeds.low, overSeeds.high),
  ];
}
