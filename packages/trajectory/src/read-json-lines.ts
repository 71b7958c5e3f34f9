import type { z } from 'zod';
import { describeIssues } from './describe-issues.js';
import { DatasetError } from './errors.js';
import { readLines } from './read-lines.js';
import { type Task, taskSchema } from './task.js';
import { type Trajectory, trajectorySchema } from './trajectory.js';

export interface ReadJsonLinesOptions<T> {
  /** What each line must be; its output is yielded. */
  schema: z.ZodType<T>;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}

/**
 * Streams a JSONL file, one value per line, in constant memory. Blank lines are skipped, a byte-order mark is tolerated.
 * Without a schema each line may be any JSON value.
 * @throws DatasetError naming `file:line` for a line that is not JSON or not what the schema expects, and for a missing file.
 */
export function readJsonLines(path: string): AsyncGenerator<unknown>;
export function readJsonLines<T>(path: string, options: ReadJsonLinesOptions<T>): AsyncGenerator<T>;
export async function* readJsonLines<T>(path: string, options?: ReadJsonLinesOptions<T>): AsyncGenerator<unknown> {
  for await (const { text, number } of readLines(path)) {
    if (text.trim() === '') continue;
    const where = `${path}:${number}`;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      const start = text.length > 60 ? `${text.slice(0, 60)}…` : text;
      throw new DatasetError(`expected one JSON value on this line, found: ${start}`, { where, cause });
    }
    if (options === undefined) {
      yield value;
      continue;
    }
    const parsed = options.schema.safeParse(value);
    if (!parsed.success) {
      const found = typeof value === 'object' && value !== null ? '' : ` (found ${describe(value)})`;
      throw new DatasetError(`${describeIssues(parsed.error)}${found}`, { where, cause: parsed.error });
    }
    yield parsed.data;
  }
}

/** Streams questions from FlashRAG JSONL (`id`, `question`, `golden_answers`, `metadata`). @throws DatasetError as {@link readJsonLines} does. */
export function readTasks(path: string): AsyncGenerator<Task> {
  return readJsonLines(path, { schema: taskSchema });
}

/** Streams episodes from a trajectory file. @throws DatasetError as {@link readJsonLines} does. */
export function readTrajectories(path: string): AsyncGenerator<Trajectory> {
  return readJsonLines(path, { schema: trajectorySchema });
}
