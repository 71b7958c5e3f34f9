import { closeSync, openSync, writeSync } from 'node:fs';
import { isTiming } from './metric-files.js';
import type { Metrics, Tracker } from './tracker.js';

/** Options of {@link createJsonlTracker}. */
export interface JsonlTrackerOptions {
  /** For everything that the seed determines. */
  metricsPath: string;
  /** For rates and wall times: `perf/*`, `timing_s/*` and `step_time`. */
  timingsPath: string;
  /** Written into every line, such as `cold-start` or `rl`. */
  stage: string;
}

/** JSON has no NaN and no infinity; as strings they stay visible. */
const jsonNumber = (value: number) => (Number.isFinite(value) ? value : String(value));

/** Appends `{"stage","step",…}` lines; a line is on its way to the disk when `log` returns. */
export function createJsonlTracker(options: JsonlTrackerOptions): Tracker {
  const metricsFile = openSync(options.metricsPath, 'a');
  const timingsFile = openSync(options.timingsPath, 'a');
  const append = (file: number, entries: readonly (readonly [string, number])[], step: number) => {
    if (entries.length === 0) return;
    const values = Object.fromEntries(entries.map(([name, value]) => [name, jsonNumber(value)]));
    writeSync(file, `${JSON.stringify({ stage: options.stage, step, ...values })}\n`);
  };
  return {
    log: (metrics: Metrics, step) => {
      const entries = Object.entries(metrics);
      append(
        metricsFile,
        entries.filter(([name]) => !isTiming(name)),
        step,
      );
      append(
        timingsFile,
        entries.filter(([name]) => isTiming(name)),
        step,
      );
    },
    finish: async () => {
      closeSync(metricsFile);
      closeSync(timingsFile);
    },
  };
}
