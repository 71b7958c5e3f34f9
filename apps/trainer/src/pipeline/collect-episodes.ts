import { existsSync } from 'node:fs';
import { collectTeacherOutputs } from '@dgpo/distill';
import {
  createRandom,
  encodeTrajectory,
  openJsonLinesWriter,
  readJsonLines,
  type Task,
  type Trajectory,
  trajectorySchema,
} from '@dgpo/trajectory';
import { z } from 'zod';
import type { EpisodesJob } from '../compute/episodes-job.js';
import { type Playground, type PlayOptions, playEpisodes } from '../train/play-episodes.js';
import type { ServerTeacher } from './server-teacher.js';

/** All episodes of one question, a line of a collection. */
export const collectedLine = (task: Task, episodes: readonly Trajectory[]) => ({
  task: task.id,
  episodes: episodes.map(encodeTrajectory),
});

/** All episodes of one question: a crash tears at most the last line, whose question is then played again. */
const lineSchema = z.strictObject({ task: z.string(), episodes: z.array(trajectorySchema) });

/** Reads the episodes of a collection in order. */
export async function* readCollected(path: string): AsyncGenerator<Trajectory> {
  for await (const { episodes } of readJsonLines(path, { schema: lineSchema })) yield* episodes;
}

async function collectedTasks(path: string): Promise<Set<string>> {
  const tasks = new Set<string>();
  for await (const { task } of readJsonLines(path, { schema: lineSchema })) tasks.add(task);
  return tasks;
}

export interface CollectEpisodesOptions {
  /** JSONL with one question a line; what is there already is not played again, and a torn last line is dropped. */
  path: string;
  playground: Playground;
  /** Who plays: in the workers, or a server's model from here. */
  policy: EpisodesJob['policy'] | ServerTeacher;
  tasks: readonly Task[];
  samplesPerTask: number;
  temperature: number;
  seed: number;
  /** Episodes that a worker plays side by side. @default 64 */
  batchSize?: number;
  /** Questions that are played before any of their episodes is written; it does not change the file. @default 128 */
  tasksPerCall?: number;
  /** What the first turn of a task begins with, by its id. @default nothing */
  prefixes?: ReadonlyMap<string, string> | undefined;
  onProgress?: (episodes: number, total: number) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Plays questions into a file, in their order. Called again after an interruption it goes on where the file ends; the file is then that of
 * an uninterrupted collection.
 */
export async function collectEpisodes(options: CollectEpisodesOptions): Promise<void> {
  const {
    path,
    playground,
    policy,
    tasks,
    samplesPerTask,
    temperature,
    seed,
    batchSize,
    tasksPerCall = 128,
    prefixes,
    signal,
  } = options;
  const play = (request: Omit<PlayOptions, 'policy'>) =>
    typeof policy === 'object' && 'play' in policy ? policy.play(request) : playEpisodes({ ...request, policy });
  const existed = existsSync(path);
  const writer = await openJsonLinesWriter({ path, append: true });
  try {
    const collected = existed ? await collectedTasks(path) : new Set<string>();
    let done = collected.size * samplesPerTask;
    const outputs = collectTeacherOutputs({
      run: (request) =>
        play({
          ...playground,
          ...request,
          ...(batchSize === undefined ? {} : { batchSize }),
          ...(prefixes === undefined ? {} : { prefixes }),
          seed: createRandom(seed)
            .split('teacher-outputs')
            .integer(2 ** 31),
          onProgress: (episodes) => options.onProgress?.(done + episodes, tasks.length * samplesPerTask),
        }),
      tasks,
      samplesPerTask,
      temperature,
      tasksPerCall,
      collected,
      signal,
    });
    let episodes: Trajectory[] = [];
    for await (const trajectory of outputs) {
      episodes.push(trajectory);
      if (episodes.length < samplesPerTask) continue;
      await writer.write(collectedLine(trajectory.task, episodes));
      done += episodes.length;
      episodes = [];
    }
  } finally {
    await writer.close();
  }
}
