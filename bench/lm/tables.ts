import type { BlasFacts } from '@dgpo/lm';
import { median } from '../measure.js';
import { type BenchCase, describeCase, tokensOf } from './cases.js';

/** One case in one place. */
export interface Measurement {
  runner: string;
  item: BenchCase;
  /** Of each repetition. */
  seconds: number[];
  /** Largest resident memory of the process, model and warm-up included. */
  peakMemoryBytes: number;
  versions?: Record<string, string>;
}

/** What `bench/results/lm.json` holds. */
export interface LmResults {
  machine: { cpu: string; cores: number; node: string };
  blas?: BlasFacts;
  repeats: number;
  /** Runners that could not run, and why. */
  absent: Record<string, string>;
  measurements: Measurement[];
}

const isTorch = (runner: string) => runner.startsWith('PyTorch');
/** Tokens, or models loaded, in a second. */
const rate = ({ item, seconds }: Measurement) => (item.kind === 'load' ? 1 : tokensOf(item)) / median(seconds);
const whole = (value: number) => Math.round(value).toLocaleString('en-US');

/** Tokens per second of every case and runner, and the ratio to PyTorch with its best number of threads. */
export function lmTables({ machine, blas, repeats, absent, measurements }: LmResults): string {
  const runners = [...new Set(measurements.map(({ runner }) => runner))];
  const items = [...new Set(measurements.map(({ item }) => JSON.stringify(item)))];
  const cellsOf = (text: string) => {
    const own = measurements.filter(({ item }) => JSON.stringify(item) === text);
    const best = Math.max(...own.filter(({ runner }) => isTorch(runner)).map(rate));
    return runners.map((runner) => {
      const found = own.find((measurement) => measurement.runner === runner);
      if (found === undefined) return '–';
      const memory = `${(found.peakMemoryBytes / 2 ** 30).toFixed(1)} GiB`;
      const ratio = isTorch(runner) || !Number.isFinite(best) ? '' : ` (**${(rate(found) / best).toFixed(2)}**)`;
      const figure = found.item.kind === 'load' ? `${median(found.seconds).toFixed(2)} s` : whole(rate(found));
      return `${figure}${ratio}, ${memory}`;
    });
  };
  const rows = items.map((text) => [describeCase(JSON.parse(text) as BenchCase), ...cellsOf(text)]);
  const head = ['tokens/s or seconds (ratio), peak memory', ...runners];
  const table = [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
  const versions = measurements.find((measurement) => measurement.versions)?.versions ?? {};
  const python = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const library = blas === undefined ? [] : [blas.config];
  const machineLine = [`${machine.cores} cores of ${machine.cpu}`, `Node ${machine.node}`, ...library, ...python].join(
    ', ',
  );
  const left = Object.entries(absent).map(([runner, reason]) => `${runner} did not run: ${reason}.`);
  return [
    `${machineLine}; medians of ${repeats}. In brackets the ratio to PyTorch with its best number of threads.`,
    table,
    ...left,
  ].join('\n\n');
}
