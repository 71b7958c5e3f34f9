import type { RolloutJob } from './rollout-executor.js';
import type { WireJob } from './wire-job.js';

/** One time that a job was put into the queue. */
interface Try {
  /** Whether it has reached Redis. */
  queued: boolean;
  /** The worker process that fetched it last, and when by the clock of `now`. */
  started?: { by: string; at: number };
}

/** A job that somebody waits for. */
export interface Order {
  readonly job: RolloutJob;
  readonly wire: WireJob;
  /** By the id in the queue: more than one where a worker is late. */
  readonly tries: Map<string, Try>;
  /** Why tries failed, and the processes in which they did. */
  readonly failures: { message: string; by: string | undefined }[];
  settled: boolean;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** What must be done about an order. */
export type Measure = { kind: 'again'; avoid: string[] } | { kind: 'fail'; message: string };

/** What follows when a job failed: another worker tries, up to `maxTries`. */
export function afterFailure(order: Order, options: { maxTries: number; processes: ReadonlySet<string> }): Measure {
  const { failures, tries } = order;
  if (failures.length >= options.maxTries) {
    return { kind: 'fail', message: `${failures.at(-1)?.message} (a rollout failed ${failures.length} times)` };
  }
  const busy = [...tries.values()].map(({ started }) => started?.by);
  const avoid = [...new Set([...failures.map(({ by }) => by), ...busy])].filter((by) => by !== undefined);
  // Where no other worker is, the same one tries again.
  const others = [...options.processes].some((process) => !avoid.includes(process));
  return { kind: 'again', avoid: others ? avoid : [] };
}

/** The processes that are late with an order and not helped yet, when another one could help. */
export function lateProcess(
  order: Order,
  options: { now: number; lateAfter: number; processes: ReadonlySet<string> },
): string | undefined {
  const [only, second] = order.tries.values();
  const started = only?.started;
  if (started === undefined || second !== undefined || options.now - started.at <= options.lateAfter) return undefined;
  return [...options.processes].some((process) => process !== started.by) ? started.by : undefined;
}

/** How long jobs take, to tell which are late. All times in milliseconds. */
export interface Durations {
  add(kind: RolloutJob['kind'], duration: number): void;
  /** `factor` times the median of the last jobs of a kind, at least `minimum`; ten times that while few are known. */
  lateAfter(kind: RolloutJob['kind']): number;
}

export function createDurations({ factor, minimum }: { factor: number; minimum: number }): Durations {
  const known: Record<RolloutJob['kind'], number[]> = { episodes: [], read: [] };
  return {
    add: (kind, duration) => {
      known[kind].push(duration);
      if (known[kind].length > 64) known[kind].shift();
    },
    lateAfter: (kind) => {
      const sorted = [...known[kind]].sort((a, b) => a - b);
      if (sorted.length < 3) return 10 * minimum;
      return Math.max(minimum, factor * (sorted[Math.floor(sorted.length / 2)] as number));
    },
  };
}
