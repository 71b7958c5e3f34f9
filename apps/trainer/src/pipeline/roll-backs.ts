import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '@dgpo/trajectory';
import { z } from 'zod';
import { nodeFileSystem, replaceFile } from '../run/file-system.js';

const rollBackSchema = z.array(z.object({ step: z.int(), to: z.int(), reason: z.string() }));

/** A return from a collapsed policy to a checkpoint. */
export type RollBack = z.output<typeof rollBackSchema>[number];

const pathOf = (directory: string) => join(directory, 'roll-backs.json');

/** The roll backs of a stage, oldest first: their number decides which random numbers follow. */
export async function readRollBacks(directory: string): Promise<RollBack[]> {
  const where = pathOf(directory);
  let text: string;
  try {
    text = await readFile(where, 'utf8');
  } catch {
    return [];
  }
  try {
    return rollBackSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CheckpointError('is damaged; start the stage again without it and without its checkpoints', {
      where,
      cause,
    });
  }
}

export async function writeRollBacks(directory: string, rollBacks: readonly RollBack[]): Promise<void> {
  await replaceFile(nodeFileSystem, pathOf(directory), `${JSON.stringify(rollBacks, null, 2)}\n`);
}
