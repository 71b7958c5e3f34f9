import { flattenTrajectory, type Trajectory } from '@dgpo/trajectory';

export interface KeepCorrectOptions {
  /** Episodes of the teacher, in the order in which they were collected. */
  trajectories: readonly Trajectory[];
  /** Correct episodes kept per task. @default all */
  maxPerTask?: number;
  /** Correct episodes kept in all. @default all */
  maxEpisodes?: number;
  /** Keep only one of several episodes of a task whose policy tokens are the same. @default true */
  dedupe?: boolean;
  /** Leave out episodes with an action that the environment could not read. @default false */
  requireValidActions?: boolean;
}

/** What a collection of teacher-generated outputs looks like. */
export interface CollectionStatistics {
  tasks: number;
  samples: number;
  correct: number;
  kept: number;
  /** Tasks with at least one correct episode. */
  tasksSolved: number;
  /** Executed searches per kept episode. */
  meanSearches: number;
  /** Policy tokens per kept episode. */
  meanPolicyTokens: number;
}

const mean = (values: readonly number[]) =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

const policyTokens = (trajectory: Trajectory) =>
  trajectory.segments.flatMap((segment) => (segment.kind === 'policy' ? (segment.tokenIds ?? []) : []));

/**
 * Teacher-generated outputs to distil from: only episodes whose answer is correct, since wrong ones hand down bad decisions to search
 * (DGPO, arXiv 2508.20324).
 */
export function keepCorrect(options: KeepCorrectOptions): { kept: Trajectory[]; statistics: CollectionStatistics } {
  const { trajectories, dedupe = true, requireValidActions = false } = options;
  const { maxPerTask = Number.POSITIVE_INFINITY, maxEpisodes = Number.POSITIVE_INFINITY } = options;
  const perTask = new Map<string, number>();
  const seen = new Set<string>();
  const solved = new Set<string>();
  const kept: Trajectory[] = [];
  for (const trajectory of trajectories) {
    if (!trajectory.outcome.correct) continue;
    const { id } = trajectory.task;
    solved.add(id);
    if (requireValidActions && trajectory.actions.some((action) => action.kind === 'invalid')) continue;
    const key = `${id}\u0000${policyTokens(trajectory).join()}`;
    const count = perTask.get(id) ?? 0;
    if ((dedupe && seen.has(key)) || count >= maxPerTask || kept.length >= maxEpisodes) continue;
    seen.add(key);
    perTask.set(id, count + 1);
    kept.push(trajectory);
  }
  const executed = (trajectory: Trajectory) =>
    trajectory.actions.filter((action) => action.kind === 'search' && action.executed).length;
  return {
    kept,
    statistics: {
      tasks: new Set(trajectories.map((trajectory) => trajectory.task.id)).size,
      samples: trajectories.length,
      correct: trajectories.filter((trajectory) => trajectory.outcome.correct).length,
      kept: kept.length,
      tasksSolved: solved.size,
      meanSearches: mean(kept.map(executed)),
      meanPolicyTokens: mean(
        kept.map((trajectory) => flattenTrajectory(trajectory).policyMask.filter((isPolicy) => isPolicy === 1).length),
      ),
    },
  };
}
