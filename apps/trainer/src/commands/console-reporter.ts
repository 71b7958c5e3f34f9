import type { Reporter } from '../pipeline/reporter.js';
import { type ConsoleStream, createConsoleTracker, formatDuration } from '../run/console-tracker.js';
import { colorsFor } from './colors.js';

export interface ConsoleReporterOptions {
  /** @default process.stderr */
  stream?: ConsoleStream;
  /** @default process.env */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Say nothing. @default false */
  quiet?: boolean;
  /** Milliseconds. @default performance.now */
  now?: () => number;
}

const silent: Reporter = {
  stage: () => undefined,
  line: () => undefined,
  tracker: () => ({ log: () => undefined, finish: async () => undefined }),
  progress: () => undefined,
};

/** A stream that knows whether its line is finished, so that a live line and whole lines can share it. */
function lineAware(stream: ConsoleStream) {
  let open = false;
  const write = (text: string) => {
    if (text === '\n' && !open) return;
    stream.write(text);
    open = !text.endsWith('\n');
  };
  return {
    /** As the stream's own, but a line end where no line is open writes nothing. */
    shared: {
      write,
      ...(stream.isTTY === undefined ? {} : { isTTY: stream.isTTY }),
      get columns() {
        return stream.columns ?? 80;
      },
    } satisfies ConsoleStream,
    line: (text: string) => write(`${open ? '\n' : ''}${text}\n`),
  };
}

/** Ten lines for a count, wherever it is not redrawn. */
const tenths = (done: number, total: number) => Math.floor((10 * done) / Math.max(1, total));

/** Tells people on a terminal, or a log file, how far a run is. */
export function createConsoleReporter(options: ConsoleReporterOptions = {}): Reporter {
  const { stream = process.stderr, environment = process.env, quiet = false, now = () => performance.now() } = options;
  if (quiet) return silent;
  const { shared, line } = lineAware(stream);
  const colors = colorsFor(stream, environment);
  const live = stream.isTTY === true && environment.TERM !== 'dumb';
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
        stream: shared,
        environment,
        now,
        ...(completedSteps === undefined ? {} : { completedSteps }),
        ...(show === undefined ? {} : { show }),
      }),
    progress: ({ label, done, total }) => {
      if (counting?.label !== label) counting = { label, start: now(), first: done, shown: -1 };
      const seconds = (now() - counting.start) / 1000;
      const rate = seconds > 0 ? (done - counting.first) / seconds : 0;
      const left = rate > 0 && done < total ? ` · ${formatDuration((total - done) / rate)} left` : '';
      const text = `${label} ${done}/${total}${left}`;
      if (live) {
        shared.write(`\r\u001b[2K${text.slice(0, shared.columns - 1)}`);
      } else if (tenths(done, total) > counting.shown) {
        line(text);
        counting.shown = tenths(done, total);
      }
      if (done < total) return;
      if (live) shared.write('\n');
      counting = undefined;
    },
  };
}
