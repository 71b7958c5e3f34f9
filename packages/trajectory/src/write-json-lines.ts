import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from './file-error.js';
import { encodeTask, type Task } from './task.js';
import { encodeTrajectory, type Trajectory } from './trajectory.js';

const bufferedCharacters = 1 << 16;

/**
 * Writes a whole JSONL file, one value per line: beside the target first, then renamed, so that readers never see half a file and
 * a failure leaves the old one. Folders are made as needed. For tasks and trajectories use {@link writeTasks} and {@link writeTrajectories}.
 * @throws DatasetError when the file cannot be written, such as on a full disk.
 */
export async function writeJsonLines(path: string, values: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  let file: FileHandle | undefined;
  const guarded = async <T>(operation: Promise<T>): Promise<T> => {
    try {
      return await operation;
    } catch (cause) {
      throw fileError(path, 'write', cause);
    }
  };
  try {
    await guarded(mkdir(dirname(path), { recursive: true }));
    file = await guarded(open(temporary, 'w'));
    let buffer = '';
    for await (const value of values) {
      buffer += `${JSON.stringify(value)}\n`;
      if (buffer.length < bufferedCharacters) continue;
      await guarded(file.writeFile(buffer));
      buffer = '';
    }
    await guarded(file.writeFile(buffer));
    await guarded(file.sync());
    await guarded(file.close());
    await guarded(rename(temporary, path));
  } catch (error) {
    await file?.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function* map<T>(values: Iterable<T> | AsyncIterable<T>, encode: (value: T) => unknown): AsyncGenerator<unknown> {
  for await (const value of values) yield encode(value);
}

/** Writes questions as FlashRAG JSONL, which {@link readTasks} reads back. @throws DatasetError as {@link writeJsonLines} does. */
export function writeTasks(path: string, tasks: Iterable<Task> | AsyncIterable<Task>): Promise<void> {
  return writeJsonLines(path, map(tasks, encodeTask));
}

/** Writes episodes that {@link readTrajectories} reads back. @throws DatasetError as {@link writeJsonLines} does. */
export function writeTrajectories(
  path: string,
  trajectories: Iterable<Trajectory> | AsyncIterable<Trajectory>,
): Promise<void> {
  return writeJsonLines(path, map(trajectories, encodeTrajectory));
}
