import type { Reporter } from '../pipeline/reporter.js';
import type { ConsoleStream } from '../run/console-tracker.js';
import type { Metrics, Tracker } from '../run/tracker.js';
import type { Colors } from './colors.js';
import { createLiveScreen } from './live-screen.js';
import { type LiveCount, type LiveTraining, renderLiveView } from './render-live-view.js';

/** Milliseconds between two drawings at least; the last step and the last of a count are always drawn. */
const drawInterval = 100;

/** What a training is judged by. */
const curveName = (metrics: Metrics) => ['reward', 'loss'].find((name) => metrics[name] !== undefined);

/** A reporter for a terminal: lines for good above, and below them what is going on, drawn anew in place. */
export function createLiveReporter(options: {
  stream: ConsoleStream;
  colors: Colors;
  /** Milliseconds. */
  now: () => number;
  /** Bytes that the process holds. */
  memory: () => number;
  /** The view is left as it stands when it is aborted, for what is said then. */
  signal: AbortSignal | undefined;
}): Reporter & { close(): void } {
  const { stream, colors, now, memory, signal } = options;
  const screen = createLiveScreen(stream);
  let training: (LiveTraining & { values: number[] }) | undefined;
  let count: LiveCount | undefined;
  let counting: { label: string; start: number; first: number } | undefined;
  let drawn = Number.NEGATIVE_INFINITY;

  const draw = (isDue: boolean) => {
    const time = now();
    if (!isDue && time - drawn < drawInterval) return;
    drawn = time;
    const state = { training, count, memory: memory() };
    screen.draw((columns) => renderLiveView(state, { columns, colors }));
  };
  const release = () => screen.release();
  signal?.addEventListener('abort', release, { once: true });

  const endStage = () => {
    training = undefined;
    count = undefined;
    counting = undefined;
    release();
  };

  const tracker: Reporter['tracker'] = ({ stage, totalSteps, completedSteps = 0, show = [] }): Tracker => {
    endStage();
    const start = now();
    const values: number[] = [];
    const own = (metrics: Metrics, step: number) => {
      const name = curveName(metrics);
      if (name !== undefined) values.push(metrics[name] as number);
      const seconds = (now() - start) / 1000;
      const curve = name === undefined ? undefined : { name, values };
      return { stage, totalSteps, show, step, stepsDone: step - completedSteps, seconds, metrics, curve, values };
    };
    return {
      log: (metrics, step) => {
        training = own(metrics, step);
        draw(step >= totalSteps || step === completedSteps + 1);
      },
      finish: async () => {
        if (training?.values !== values) return;
        draw(true);
        endStage();
      },
    };
  };

  return {
    stage: (name, message) => {
      endStage();
      screen.print(`${colors.bold(name)}${message === undefined ? '' : `  ${message}`}`);
    },
    line: (text) => screen.print(text),
    tracker,
    progress: ({ label, done, total }) => {
      const isNew = counting?.label !== label;
      if (counting === undefined || isNew) counting = { label, start: now(), first: done };
      const seconds = (now() - counting.start) / 1000;
      const rate = seconds > 0 ? (done - counting.first) / seconds : 0;
      count = { label, done, total, secondsLeft: rate > 0 && done < total ? (total - done) / rate : undefined };
      const isDone = done >= total;
      draw(isDone || isNew);
      if (!isDone) return;
      counting = undefined;
      count = undefined;
      // Beside a training the line goes with the next step; alone it stays.
      if (training === undefined) release();
    },
    close: () => {
      signal?.removeEventListener('abort', release);
      endStage();
    },
  };
}
