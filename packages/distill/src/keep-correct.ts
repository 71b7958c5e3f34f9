import type { Trajectory } from '@dgpo/trajectory';
import { requireCount } from './require-options.js';

export interface CorrectFilterOptions {
  /** Correct episodes kept per task. @default all */
  maxPerTask?: number;
  /** Correct episodes kept in all. @default all */
  maxEpisodes?: number;
  /** Keep only one of several episodes of a task in which the policy wrote the same. @default true */
  dedupe?: boolean;
  /** Leave out episodes with an action that the environment could not read. @default false */
  requireValidActions?: boolean;
}

/** What a collection of teacher-generated outputs looks like. */
export interface CollectionStatistics {
  tasks: number;
  samples: number;
  correct: number;
  /** Correct episodes that were left out because the same stands there already; 0 without `dedupe`. */
  duplicates: number;
  kept: number;
  /** Tasks with at least one correct episode. */
  tasksSolved: number;
  /** Executed searches per kept episode. */
  meanSearches: number;
  /** Policy tokens per kept episode. */
  meanPolicyTokens: number;
}

export interface CorrectFilter {
  /** Takes the next episode and says whether it is one to distil from. */
  keep(trajectory: Trajectory): boolean;
  /** Over all episodes so far. */
  statistics(): CollectionStatistics;
}

/** What the policy wrote, turn by turn; logs without token ids are told apart by their text. */
const writingOf = (trajectory: Trajectory) =>
  JSON.stringify(
    trajectory.segments
      .filter((segment) => segment.kind === 'policy')
      .map((segment) => segment.tokenIds ?? segment.text),
  );

const policyTokens = (trajectory: Trajectory) =>
  trajectory.segments.reduce(
    (sum, segment) => sum + (segment.kind === 'policy' ? (segment.tokenIds?.length ?? 0) : 0),
    0,
  );

const searches = (trajectory: Trajectory) =>
  trajectory.actions.filter((action) => action.kind === 'search' && action.executed).length;

/**
 * Chooses the episodes to distil from, one at a time, so that a collection of any size can stream through it: those whose answer is
 * correct, since wrong ones hand down bad decisions to search (DGPO, arXiv 2508.20324). Episodes that an error ended are never kept. The
 * first of several equal ones stays, so the choice depends on the order of the episodes alone.
 *
 * @throws ConfigError when a maximum is not at least 1.
 */
export function createCorrectFilter(options: CorrectFilterOptions = {}): CorrectFilter {
  const { dedupe = true, requireValidActions = false } = options;
  const { maxPerTask = Number.POSITIVE_INFINITY, maxEpisodes = Number.POSITIVE_INFINITY } = options;
  requireCount('maxPerTask', maxPerTask);
  requireCount('maxEpisodes', maxEpisodes);
  const tasks = new Map<string, { isSolved: boolean; kept: number; writings: Set<string> }>();
  let samples = 0;
  let correct = 0;
  let duplicates = 0;
  let kept = 0;
  let keptSearches = 0;
  let keptTokens = 0;
  return {
    keep(trajectory) {
      const { outcome, actions } = trajectory;
      const task = tasks.get(trajectory.task.id) ?? { isSolved: false, kept: 0, writings: new Set() };
      tasks.set(trajectory.task.id, task);
      samples += 1;
      if (!outcome.correct || outcome.endedBy === 'error') return false;
      correct += 1;
      task.isSolved = true;
      if (requireValidActions && actions.some((action) => action.kind === 'invalid')) return false;
      const writing = dedupe ? writingOf(trajectory) : undefined;
      if (writing !== undefined && task.writings.has(writing)) {
        duplicates += 1;
        return false;
      }
      if (task.kept >= maxPerTask || kept >= maxEpisodes) return false;
      if (writing !== undefined) task.writings.add(writing);
      task.kept += 1;
      kept += 1;
      keptSearches += searches(trajectory);
      keptTokens += policyTokens(trajectory);
      return true;
    },
    statistics: () => ({
      tasks: tasks.size,
      samples,
      correct,
      duplicates,
      kept,
      tasksSolved: [...tasks.values()].filter((task) => task.isSolved).length,
      meanSearches: kept === 0 ? 0 : keptSearches / kept,
      meanPolicyTokens: kept === 0 ? 0 : keptTokens / kept,
    }),
  };
}

export interface KeepCorrectOptions extends CorrectFilterOptions {
  /** Episodes of the teacher, in the order in which they were collected. */
  trajectories: Iterable<Trajectory>;
}

/**
 * {@link createCorrectFilter} over a list.
 * @throws ConfigError when a maximum is not at least 1.
 */
export function keepCorrect(options: KeepCorrectOptions): { kept: Trajectory[]; statistics: CollectionStatistics } {
  const { trajectories, ...rest } = options;
  const filter = createCorrectFilter(rest);
  const kept: Trajectory[] = [];
  for (const trajectory of trajectories) if (filter.keep(trajectory)) kept.push(trajectory);
  return { kept, statistics: filter.statistics() };
}
