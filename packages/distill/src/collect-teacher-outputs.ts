import { ConfigError, DatasetError, type Task, type Trajectory } from '@dgpo/trajectory';
import { requireCount } from './require-options.js';

/** What a runner is asked to play: every task `samplesPerTask` times. */
export interface RunTeacherOptions {
  tasks: readonly Task[];
  samplesPerTask: number;
  /** 0 is greedy. */
  temperature: number;
  signal?: AbortSignal | undefined;
}

export interface CollectTeacherOutputsOptions {
  /**
   * Plays the teacher in its environment, for example `(request) => streamEpisodes({ environment, policy, seed, ...request })` of
   * `@dgpo/envs`. It may finish episodes in any order.
   */
  run: (request: RunTeacherOptions) => AsyncIterable<Trajectory> | Promise<readonly Trajectory[]>;
  tasks: readonly Task[];
  /** Episodes per task. @default 1 */
  samplesPerTask?: number;
  /** Of the teacher's sampling. @default 1 */
  temperature?: number;
  /** Tasks given to one call of `run`: what is in memory at a time. @default 64 */
  tasksPerCall?: number;
  /** Ids of tasks that are collected already, left out; with it a broken run goes on where its file ends. */
  collected?: ReadonlySet<string>;
  /** After every call of `run`. */
  onProgress?: (progress: { tasks: number; totalTasks: number; episodes: number; correct: number }) => void;
  /** Aborting rejects with the signal's reason before the next call. */
  signal?: AbortSignal | undefined;
}

async function playAll(options: CollectTeacherOutputsOptions, request: RunTeacherOptions): Promise<Trajectory[]> {
  const played = options.run(request);
  if (!(Symbol.asyncIterator in played)) return [...(await played)];
  const trajectories: Trajectory[] = [];
  for await (const trajectory of played) trajectories.push(trajectory);
  return trajectories;
}

/**
 * Teacher-generated outputs (TGO), all of them, wrong ones too: filter with {@link keepCorrect} or {@link createCorrectFilter}. They
 * come in the order of tasks and samples whatever the order in which the runner finishes them, so the same tasks and runner give the
 * same file.
 *
 * @throws ConfigError for counts below 1 or a negative temperature, DatasetError when two tasks share an id or the runner returns
 * anything but the samples it was asked for, the signal's reason, and whatever the runner throws.
 */
export async function* collectTeacherOutputs(options: CollectTeacherOutputsOptions): AsyncGenerator<Trajectory> {
  const { samplesPerTask = 1, temperature = 1, tasksPerCall = 64, collected, onProgress, signal } = options;
  requireCount('samplesPerTask', samplesPerTask);
  requireCount('tasksPerCall', tasksPerCall);
  if (!(temperature >= 0)) throw new ConfigError(`expected 0 or more, found ${temperature}`, { where: 'temperature' });
  const tasks = options.tasks.filter((task) => collected?.has(task.id) !== true);
  const ids = new Set<string>();
  for (const { id } of tasks) {
    if (ids.has(id)) throw new DatasetError('two tasks have this id', { where: `task ${id}` });
    ids.add(id);
  }
  let episodes = 0;
  let correct = 0;
  for (let start = 0; start < tasks.length; start += tasksPerCall) {
    signal?.throwIfAborted();
    const part = tasks.slice(start, start + tasksPerCall);
    const played = await playAll(options, { tasks: part, samplesPerTask, temperature, signal });
    const perTask = new Map<string, Trajectory[]>(part.map((task) => [task.id, []]));
    for (const trajectory of played) {
      const own = perTask.get(trajectory.task.id);
      if (own === undefined)
        throw new DatasetError('not one of the tasks to play', { where: `trajectory ${trajectory.id}` });
      own.push(trajectory);
    }
    for (const [id, own] of perTask) {
      own.sort((a, b) => a.sample - b.sample);
      if (own.length !== samplesPerTask || own.some((trajectory, sample) => trajectory.sample !== sample)) {
        const found = own.map((trajectory) => trajectory.sample).join(', ') || 'none';
        throw new DatasetError(`expected the samples 0 to ${samplesPerTask - 1}, the runner returned ${found}`, {
          where: `task ${id}`,
        });
      }
      episodes += own.length;
      correct += own.filter((trajectory) => trajectory.outcome.correct).length;
      yield* own;
    }
    onProgress?.({ tasks: start + part.length, totalTasks: tasks.length, episodes, correct });
  }
}
