import { existsSync } from 'node:fs';
import {
  encodeTrajectory,
  openJsonLinesWriter,
  readJsonLines,
  type Trajectory,
  trajectorySchema,
} from '@dgpo/trajectory';
import { z } from 'zod';

const lineSchema = z.strictObject({ task: z.string(), episodes: z.array(trajectorySchema) });

/**
 * All episodes of a collection, with one question a line: a crash tears at most the last question, which is then played again. Only
 * finished questions count, in the order in which they were asked.
 */
export interface CollectedEpisodes {
  /** Questions that are there already. */
  readonly collected: ReadonlySet<string>;
  add(task: string, episodes: readonly Trajectory[]): Promise<void>;
  close(): Promise<void>;
}

/** Reads the episodes of a collection in order. */
export async function* readCollected(path: string): AsyncGenerator<Trajectory> {
  for await (const { episodes } of readJsonLines(path, { schema: lineSchema })) yield* episodes;
}

/** Opens a collection to go on with it; a torn last line is dropped. */
export async function openCollected(path: string): Promise<CollectedEpisodes> {
  const existed = existsSync(path);
  const writer = await openJsonLinesWriter({ path, append: true });
  const collected = new Set<string>();
  if (existed) for await (const { task } of readJsonLines(path, { schema: lineSchema })) collected.add(task);
  return {
    collected,
    add: (task, episodes) => writer.write({ task, episodes: episodes.map(encodeTrajectory) }),
    close: () => writer.close(),
  };
}
