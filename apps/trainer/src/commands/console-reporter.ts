import type { Reporter } from '../pipeline/reporter.js';
import { type ConsoleStream, createConsoleTracker, formatDuration } from '../run/console-tracker.js';
import { colorsFor } from './colors.js';
import { createLiveReporter } from './live-reporter.js';

export interface ConsoleReporterOptions {
  /** @default process.stderr */
  stream?: ConsoleStream;
  /** @default process.env */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Say nothing. @default false */
  quiet?: boolean;
  /** Milliseconds. @default performance.now */
  now?: () => number;
  /** Bytes that the process holds. @default the resident set of the process */
  memory?: () => number;
  /** Aborted by Ctrl-C: the live view is left as it stands, and what is said then comes below it. */
  signal?: AbortSignal;
}

/** A reporter that writes to a terminal or a file. */
export interface ConsoleReporter extends Reporter {
  /** Leaves the terminal to others. */
  close(): void;
}

const silent: ConsoleReporter = {
  stage: () => undefined,
  line: () => undefined,
  tracker: () => ({ log: () => undefined, finish: async () => undefined }),
  progress: () => undefined,
  close: () => undefined,
};

/** Whether something may be drawn in place: on a terminal that can, unless `CI`, `NO_COLOR` or `TERM=dumb` ask for plain lines. */
function isLive(stream: ConsoleStream, environment: Readonly<Record<string, string | undefined>>): boolean {
  const isSet = (name: string) => !['', 'false', '0'].includes(environment[name] ?? '');
  const wantsPlain = isSet('CI') || (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb';
  return stream.isTTY === true && !wantsPlain;
}

/** Ten lines for a count. */
const tenths = (done: number, total: number) => Math.floor((10 * done) / Math.max(1, total));

/** Tells people on a terminal, or a log file, how far a run is: a view that is drawn in place, or plain lines. */
export function createConsoleReporter(options: ConsoleReporterOptions = {}): ConsoleReporter {
  const { stream = process.stderr, environment = process.env, quiet = false, now = () => performance.now() } = options;
  const { memory = () => process.memoryUsage.rss(), signal } = options;
  if (quiet) return silent;
  const colors = colorsFor(stream, environment);
  if (isLive(stream, environment)) return createLiveReporter({ stream, colors, now, memory, signal });
  const line = (text: string) => {
    stream.write(`${text}\n`);
  };
  let counting: { label: string; start: number; first: number; shown: number } | undefined;

  return {
    stage: (name, message) => {
      counting = undefined;
      line(`${colors.bold(name)}${message === undefined ? '' : `  ${message}`}`);
    },
    line,
    tracker: ({ stage, totalSteps, completedSteps, show }) =>
      createConsoleTracker({
        label: stage,
        totalSteps,
        stream,
        now,
        ...(completedSteps === undefined ? {} : { completedSteps }),
        ...(show === undefined ? {} : { show }),
      }),
    progress: ({ label, done, total }) => {
      if (counting?.label !== label) counting = { label, start: now(), first: done, shown: -1 };
      const seconds = (now() - counting.start) / 1000;
      const rate = seconds > 0 ? (done - counting.first) / seconds : 0;
      const left = rate > 0 && done < total ? ` · ${formatDuration((total - done) / rate)} left` : '';
      if (tenths(done, total) > counting.shown) {
        line(`${label} ${done}/${total}${left}`);
        counting.shown = tenths(done, total);
      }
      if (done >= total) counting = undefined;
    },
    close: () => undefined,
  };
}
