import type { Tracker } from './tracker.js';

/** Options of {@link createTimedTracker}. */
export interface TimedTrackerOptions {
  tracker: Tracker;
  /** Milliseconds. @default performance.now */
  now?: () => number;
}

/**
 * Adds to every step its wall time since the step before, `step_time` in seconds, and `perf/throughput`, the `num_tokens` of the step
 * per second.
 */
export function createTimedTracker({ tracker, now = () => performance.now() }: TimedTrackerOptions): Tracker {
  let last = now();
  return {
    log: (metrics, step) => {
      const time = now();
      const seconds = (time - last) / 1000;
      last = time;
      const { num_tokens: tokens } = metrics;
      const throughput = tokens === undefined || seconds <= 0 ? {} : { 'perf/throughput': tokens / seconds };
      tracker.log({ ...metrics, step_time: seconds, ...throughput }, step);
    },
    finish: () => tracker.finish(),
  };
}
