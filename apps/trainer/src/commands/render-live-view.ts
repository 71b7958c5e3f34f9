import { formatDuration, formatRate, formatValue } from '../run/console-tracker.js';
import type { Metrics } from '../run/tracker.js';
import type { Colors } from './colors.js';

/** A count that is shown live, such as episodes of a rollout. */
export interface LiveCount {
  label: string;
  done: number;
  total: number;
  /** Undefined while nothing can be said. */
  secondsLeft: number | undefined;
}

/** A training as the live view knows it. */
export interface LiveTraining {
  stage: string;
  step: number;
  totalSteps: number;
  /** Steps of this process, and how long they took in seconds. */
  stepsDone: number;
  seconds: number;
  /** Of the last step. */
  metrics: Metrics;
  /** Names of the metrics to show before all others. */
  show: readonly string[];
  /** What is drawn as a curve, `reward` or `loss`, and its values so far. */
  curve: { name: string; values: readonly number[] } | undefined;
}

/** Everything that the live view shows. */
export interface LiveState {
  training: LiveTraining | undefined;
  count: LiveCount | undefined;
  /** Bytes that the process holds. */
  memory: number | undefined;
}

const blocks = [...'▁▂▃▄▅▆▇█'];

/** A curve of at most `width` characters; each is the mean of the values that it stands for. What is not finite leaves a gap. */
export function sparkline(values: readonly number[], width: number): string {
  const size = Math.min(width, values.length);
  const means = Array.from({ length: size }, (_, index) => {
    const part = values.slice(
      Math.floor((index * values.length) / size),
      Math.floor(((index + 1) * values.length) / size),
    );
    const finite = part.filter(Number.isFinite);
    return finite.length === 0 ? Number.NaN : finite.reduce((sum, value) => sum + value, 0) / finite.length;
  });
  const finite = means.filter(Number.isFinite);
  const low = Math.min(...finite);
  const range = Math.max(...finite) - low;
  return means
    .map((mean) => {
      if (!Number.isFinite(mean)) return ' ';
      const level = range > 0 ? (mean - low) / range : 0.5;
      return blocks[Math.min(blocks.length - 1, Math.floor(level * blocks.length))] as string;
    })
    .join('');
}

/** A bar of exactly `width` characters. */
export function progressBar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

const cut = (text: string, columns: number) => (text.length > columns ? `${text.slice(0, columns - 1)}…` : text);

/** As many of the parts as fit, never half a part but the first. */
function joined(parts: readonly string[], columns: number): string {
  let text = parts[0] ?? '';
  for (const part of parts.slice(1)) {
    const longer = `${text} · ${part}`;
    if (longer.length > columns) break;
    text = longer;
  }
  return cut(text, columns);
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const percent = (done: number, total: number) => `${Math.floor((100 * done) / Math.max(1, total))} %`;

/** A name, a bar of what is left of the line, and a count. */
function barLine(label: string, done: number, total: number, columns: number, colors: Colors): string {
  const end = `${done}/${total} · ${percent(done, total)}`;
  const width = Math.min(40, columns - label.length - end.length - 4);
  if (width < 5) return cut(`${label} ${end}`, columns);
  return `${colors.bold(label)}  ${colors.cyan(progressBar(done / Math.max(1, total), width))}  ${end}`;
}

/** What is worth a place after what the stage wants to be shown. */
const usual = ['kl', 'completions/mean_length', 'valid_action_rate', 'eval_loss', 'grad_norm', 'lr'];

function trainingLines(training: LiveTraining, memory: number | undefined, columns: number, colors: Colors): string[] {
  const { stage, step, totalSteps, stepsDone, seconds, metrics, show, curve } = training;
  const lines = [barLine(stage, step, totalSteps, columns, colors)];
  const rate = stepsDone > 0 && seconds > 0 ? stepsDone / seconds : undefined;
  const throughput = metrics['perf/throughput'];
  const pace = [
    ...(rate === undefined ? [] : [formatRate(rate)]),
    ...(rate === undefined || step >= totalSteps ? [] : [`${formatDuration((totalSteps - step) / rate)} left`]),
    `${formatDuration(seconds)} so far`,
    ...(throughput === undefined ? [] : [`${formatValue(Math.round(throughput))} tokens/s`]),
    ...(memory === undefined ? [] : [gibibytes(memory)]),
  ];
  lines.push(colors.dim(joined(pace, columns)));
  const last = curve?.values.at(-1);
  if (curve !== undefined && last !== undefined) {
    const head = cut(`${curve.name} ${formatValue(last)}`, columns);
    const width = Math.min(40, columns - head.length - 2);
    lines.push(width < 5 ? head : `${head}  ${colors.green(sparkline(curve.values, width))}`);
  }
  const names = [...new Set([...show, ...usual])].filter((name) => name !== curve?.name);
  const values = names.flatMap((name) => {
    const value = metrics[name];
    return value === undefined ? [] : [`${name} ${formatValue(value)}`];
  });
  if (values.length > 0) lines.push(joined(values, columns));
  return lines;
}

/** The live view as lines, none of which is wider than `columns` characters (colours do not count). */
export function renderLiveView(state: LiveState, options: { columns: number; colors: Colors }): string[] {
  const { training, count, memory } = state;
  const { columns, colors } = options;
  const lines = training === undefined ? [] : trainingLines(training, memory, columns, colors);
  if (count === undefined) return lines;
  const left = count.secondsLeft === undefined ? '' : ` · ${formatDuration(count.secondsLeft)} left`;
  const room = columns - left.length;
  const line = room < 20 ? barLine(count.label, count.done, count.total, columns, colors) : undefined;
  return [...lines, line ?? `${barLine(count.label, count.done, count.total, room, colors)}${left}`];
}
