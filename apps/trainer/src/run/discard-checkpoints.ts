import { join } from 'node:path';
import { nodeFileSystem, replaceFile } from './file-system.js';

const stepOf = (name: string) => {
  const step = /^checkpoint-(\d+)$/.exec(name)?.[1];
  return step === undefined ? undefined : Number(step);
};

/** Steps of the checkpoints in a folder, ascending. */
export async function checkpointSteps(directory: string): Promise<number[]> {
  const names = await nodeFileSystem.readdir(directory).catch(() => []);
  return names
    .map(stepOf)
    .filter((step) => step !== undefined)
    .sort((a, b) => a - b);
}

/**
 * Takes the checkpoints after a step away, so that the latest one is of that step or before. A crash in between leaves a folder that
 * can be read.
 *
 * @returns the step of the latest checkpoint that is left, 0 without one
 */
export async function discardCheckpoints(options: { directory: string; after: number }): Promise<number> {
  const { directory, after } = options;
  const steps = await checkpointSteps(directory);
  const latest = steps.findLast((step) => step <= after);
  const pointer = join(directory, 'latest');
  if (latest === undefined) await nodeFileSystem.rm(pointer, { recursive: true, force: true });
  else await replaceFile(nodeFileSystem, pointer, `checkpoint-${latest}\n`);
  for (const step of steps.filter((other) => other > after).reverse()) {
    await nodeFileSystem.rm(join(directory, `checkpoint-${step}`), { recursive: true, force: true });
  }
  return latest ?? 0;
}
