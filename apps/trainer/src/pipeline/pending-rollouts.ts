import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '@dgpo/trajectory';
import { z } from 'zod';
import { nodeFileSystem, replaceFile } from '../run/file-system.js';
import type { Rollouts } from '../train/policy/collect-rollouts.js';

const indices = z.array(z.int().nonnegative());

const rolloutsSchema = z
  .object({
    episodes: z.array(z.custom<Rollouts['episodes'][number]>((value) => typeof value === 'object' && value !== null)),
    groups: z.array(z.string()),
    chosen: indices,
    baselines: z.record(z.string(), z.number()),
    batches: z.int().positive(),
    fracRewardZeroStd: z.number(),
  })
  .refine(
    ({ episodes, groups, chosen }) => groups.length === episodes.length && chosen.every((i) => i < groups.length),
  );

/**
 * Rollouts that were played one update ahead. Their policy is gone once the update is applied, so an exact resume needs them beside the
 * checkpoint.
 */
export function pendingRollouts(options: { directory: string; rollBacks: number }) {
  const { directory, rollBacks } = options;
  const nameOf = (step: number) => `rollouts-${rollBacks}-${step}.json`;
  return {
    /** Before the checkpoint of the update before `step`. */
    save: (step: number, rollouts: Rollouts) =>
      replaceFile(nodeFileSystem, join(directory, nameOf(step)), `${JSON.stringify(rollouts)}\n`),
    /** Undefined where none were played ahead. */
    load: async (step: number): Promise<Rollouts | undefined> => {
      const where = join(directory, nameOf(step));
      const text = await readFile(where, 'utf8').catch(() => undefined);
      if (text === undefined) return undefined;
      try {
        return rolloutsSchema.parse(JSON.parse(text));
      } catch (cause) {
        throw new CheckpointError('is damaged; delete it with the checkpoint of the update before', { where, cause });
      }
    },
    /** Takes away those that belong to no checkpoint any more. */
    keep: async (checkpointSteps: readonly number[]) => {
      const kept = new Set(checkpointSteps.map((step) => nameOf(step + 1)));
      for (const name of await nodeFileSystem.readdir(directory)) {
        if (/^rollouts-\d+-\d+\.json$/.test(name) && !kept.has(name)) {
          await nodeFileSystem.rm(join(directory, name), { recursive: true, force: true });
        }
      }
    },
  };
}
