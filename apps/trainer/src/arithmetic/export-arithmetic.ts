import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Task, writeJsonLines, writeTasks } from '@dgpo/trajectory';
import { type ArithmeticSplit, arithmeticTasks } from './arithmetic-tasks.js';
import type { ArithmeticWorld } from './arithmetic-world.js';
import { arithmeticChainOfThought } from './chain-of-thought.js';
import { codeExpert } from './code-expert.js';

/** The held-out sets: known countries in new groups, other invented ones, real ones. */
export const arithmeticSets = ['known', 'fiction', 'facts'] as const satisfies ArithmeticSplit[];

export interface ExportArithmeticOptions {
  world: ArithmeticWorld;
  /** Made when it is not there; files of the same name are replaced. */
  directory: string;
  /** Number of questions to train on. */
  trainCount: number;
  /** Number of questions of each held-out set. */
  evaluationCount: number;
}

/** Writes passages and questions as FlashRAG JSONL: corpus.jsonl, train.jsonl, and a file for each of {@link arithmeticSets}. */
export async function exportArithmetic(options: ExportArithmeticOptions): Promise<void> {
  const { world, directory, trainCount, evaluationCount } = options;
  await mkdir(directory, { recursive: true });
  const path = (name: string) => join(directory, `${name}.jsonl`);
  await writeJsonLines(path('corpus'), world.corpus);
  await writeTasks(path('train'), arithmeticTasks({ world, split: 'train', count: trainCount }));
  for (const split of arithmeticSets) {
    await writeTasks(path(split), arithmeticTasks({ world, split, count: evaluationCount }));
  }
}

/** What is written about questions of arithmetic, a first turn of code and a chain of thought each: text for a vocabulary. */
export function arithmeticTexts(options: { world: ArithmeticWorld; tasks: readonly Task[] }): string[] {
  const { world, tasks } = options;
  return tasks.flatMap((task) => [codeExpert({ task, actions: [] }), arithmeticChainOfThought({ task, world })]);
}
