import type { CollectionStatistics } from '@dgpo/distill';
import type { Trajectory } from '@dgpo/trajectory';

/** What became of the demonstrations of one question. */
interface TaskStatistics {
  id: string;
  samples: number;
  correct: number;
  kept: number;
}

/** What a collection looks like, as it is written beside the episodes. */
export interface DemonstrationStatistics extends CollectionStatistics {
  /** Episodes that failing searches ended. */
  errors: number;
  /** Policy tokens of the shortest and the longest kept episode; 0 without any. */
  minPolicyTokens: number;
  maxPolicyTokens: number;
}

const policyTokens = ({ segments }: Trajectory) =>
  segments.reduce((sum, { kind, tokenIds = [] }) => sum + (kind === 'policy' ? tokenIds.length : 0), 0);

/** Counts episodes one by one. */
export function countDemonstrations() {
  const tasks = new Map<string, TaskStatistics>();
  let errors = 0;
  let shortest = Number.POSITIVE_INFINITY;
  let longest = 0;
  return {
    add(trajectory: Trajectory, isKept: boolean): void {
      const { id } = trajectory.task;
      const task = tasks.get(id) ?? { id, samples: 0, correct: 0, kept: 0 };
      tasks.set(id, task);
      task.samples += 1;
      if (trajectory.outcome.endedBy === 'error') errors += 1;
      else if (trajectory.outcome.correct) task.correct += 1;
      if (!isKept) return;
      task.kept += 1;
      shortest = Math.min(shortest, policyTokens(trajectory));
      longest = Math.max(longest, policyTokens(trajectory));
    },
    statistics: (filter: CollectionStatistics): DemonstrationStatistics => ({
      ...filter,
      errors,
      minPolicyTokens: longest === 0 ? 0 : shortest,
      maxPolicyTokens: longest,
    }),
    perTask: (): TaskStatistics[] => [...tasks.values()],
  };
}
