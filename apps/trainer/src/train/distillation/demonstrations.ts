import { DatasetError, readTrajectories, type Task, type Trajectory } from '@dgpo/trajectory';
import type { ScoredRow } from '../../compute/scored-rows.js';
import { episodeRow } from '../episode-rows.js';

/** An episode to imitate, and the question it answers. */
export interface Demonstration extends ScoredRow {
  task: Task;
}

/** The tokens of an episode with its question. */
export function demonstration(trajectory: Trajectory): Demonstration {
  const { tokenIds, mask } = episodeRow(trajectory);
  return { tokenIds, mask, task: trajectory.task };
}

/** Reads the episodes of a file. */
export async function readDemonstrations(path: string): Promise<Demonstration[]> {
  const rows: Demonstration[] = [];
  for await (const trajectory of readTrajectories(path)) rows.push(demonstration(trajectory));
  return rows;
}

/**
 * Holds out the last questions until they have `count` episodes, so that no question is on both sides.
 * @throws DatasetError when nothing is left to train on.
 */
export function holdOut(
  rows: readonly Demonstration[],
  count: number,
): { training: Demonstration[]; validation: Demonstration[] } {
  const held = new Set<string>();
  const heldRows = () => rows.filter(({ task }) => held.has(task.id));
  for (let index = rows.length - 1; index >= 0 && heldRows().length < count; index--) {
    held.add((rows[index] as Demonstration).task.id);
  }
  const training = rows.filter(({ task }) => !held.has(task.id));
  if (training.length === 0) {
    throw new DatasetError(
      `all ${rows.length} demonstrations would be held out for validation (validationEpisodes: ${count}); collect more, or hold out fewer`,
      { where: 'distill.validationEpisodes' },
    );
  }
  return { training, validation: heldRows() };
}
