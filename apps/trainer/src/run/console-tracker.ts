import { isTiming } from './metric-files.js';
import type { Metrics, Tracker } from './tracker.js';

/** The part of a terminal stream that is used. */
export interface ConsoleStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  on?(event: 'resize', listener: () => void): unknown;
  removeListener?(event: 'resize', listener: () => void): unknown;
}

/** Options of {@link createConsoleTracker}. */
export interface ConsoleTrackerOptions {
  /** Shown in front, such as `DGPO`. */
  label: string;
  /** Steps in all, for the progress and the time left. */
  totalSteps: number;
  /** Steps that were done before this process. @default 0 */
  completedSteps?: number;
  /** Metrics to show, in this order. @default the first four that are not wall times */
  show?: readonly string[];
  /** @default process.stderr */
  stream?: ConsoleStream;
  /** Milliseconds. @default performance.now */
  now?: () => number;
}

/** Such as `45 s`, `3 min 05 s`, `2 h 04 min`. */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) return `${total} s`;
  const pad = (value: number) => String(value).padStart(2, '0');
  if (total < 3600) return `${Math.floor(total / 60)} min ${pad(total % 60)} s`;
  return `${Math.floor(total / 3600)} h ${pad(Math.floor((total % 3600) / 60))} min`;
}

/** Milliseconds between plain lines at least; the last step is always written. */
const plainInterval = 5000;

/** Four digits or so. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(1) : value.toFixed(size < 1 ? 3 : 2);
}

/**
 * Progress for people as plain lines, of fast steps one in five seconds. Rate and time left are of this process.
 */
export function createConsoleTracker(options: ConsoleTrackerOptions): Tracker {
  const { label, totalSteps, completedSteps = 0, now = () => performance.now() } = options;
  const stream: ConsoleStream = options.stream ?? process.stderr;
  const start = now();
  let written = Number.NEGATIVE_INFINITY;

  const line = (metrics: Metrics, step: number): string[] => {
    const names =
      options.show ??
      Object.keys(metrics)
        .filter((name) => !isTiming(name))
        .slice(0, 4);
    const values = names.flatMap((name) => {
      const value = metrics[name];
      return value === undefined ? [] : [`${name} ${formatValue(value)}`];
    });
    const seconds = (now() - start) / 1000;
    const done = step - completedSteps;
    const pace = done > 0 && seconds > 0 ? [formatRate(done / seconds)] : [];
    const left = totalSteps - step;
    const remaining = done > 0 && left > 0 ? [`${formatDuration((seconds / done) * left)} left`] : [];
    return [`${step}/${totalSteps}`, ...values, ...pace, ...remaining];
  };

  return {
    log: (metrics, step) => {
      const time = now();
      if (time - written < plainInterval && step < totalSteps) return;
      written = time;
      stream.write(`${label} ${line(metrics, step).join(' · ')}\n`);
    },
    finish: async () => undefined,
  };
}

/** Such as `1.5 steps/s` or `30.0 s/step`. */
export const formatRate = (perSecond: number) =>
  perSecond >= 1 ? `${perSecond.toFixed(1)} steps/s` : `${(1 / perSecond).toFixed(1)} s/step`;
