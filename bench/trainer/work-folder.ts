import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Task } from '@dgpo/trajectory';
import type { BenchCase } from './cases.js';

/** What every runner of a case reads: {@link workFolder} says where the models are. */
export interface PreparedCase {
  item: BenchCase;
  /** Those of the warm-up first. */
  tasks: Task[];
  /** Aligned with `tasks`. */
  prompts: number[][];
  /** Observation of every query that the student asked for these tasks. */
  observations: Record<string, number[]>;
  /** An observation of the usual length, for any other query. */
  otherObservation: number[];
  invalidActionMessage: number[];
  stopIds: number[];
  /** Settings of the environment and of the recipe, for runners that are not ours. */
  settings: Record<string, unknown>;
}

export const workFolder = (work: string) => ({
  index: join(work, 'index'),
  student: join(work, 'student'),
  teacher: join(work, 'teacher'),
  prepared: join(work, 'prepared.json'),
});

export async function readPrepared(work: string): Promise<PreparedCase> {
  return JSON.parse(await readFile(workFolder(work).prepared, 'utf8')) as PreparedCase;
}
