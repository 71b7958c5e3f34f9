import { type CollectionStatistics, createCorrectFilter } from '@dgpo/distill';
import { createTeacherFilter, type TeacherFilterStatistics } from '@dgpo/distill/agent';
import type { Trajectory } from '@dgpo/trajectory';
import type { DistillSettings } from '../recipe/distill-section.js';

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
  /** What became of the episodes, with the filter of agent distillation. */
  fates?: TeacherFilterStatistics['fates'];
  /** With that filter: kept episodes in which an action failed and a later one made up for it. */
  recovered?: number;
}

export type FilterSettings = Pick<
  DistillSettings,
  'filter' | 'maxTurns' | 'maxEpisodes' | 'maxPerTask' | 'dedupe' | 'requireValidActions'
>;

/** What a filter has counted. */
type Filtered = CollectionStatistics & Pick<DemonstrationStatistics, 'fates' | 'recovered'>;

/** Chooses the episodes to learn from, as the settings say. */
export function createDemonstrationFilter(settings: FilterSettings): {
  keep(trajectory: Trajectory): boolean;
  statistics(): Filtered;
} {
  const { filter: name, maxTurns, maxEpisodes, maxPerTask, dedupe, requireValidActions } = settings;
  const shared = { maxEpisodes, dedupe, ...(maxPerTask === undefined ? {} : { maxPerTask }) };
  if (name === 'correct') return createCorrectFilter({ ...shared, requireValidActions });
  const filter = createTeacherFilter({ ...shared, ...(maxTurns === undefined ? {} : { maxTurns }) });
  let searches = 0;
  return {
    keep(trajectory) {
      const isKept = filter.judge(trajectory) === 'kept';
      if (isKept) searches += trajectory.actions.filter(({ kind, executed }) => kind === 'search' && executed).length;
      return isKept;
    },
    statistics() {
      const { episodes, fates, tasks, tasksSolved, recovered, meanPolicyTokens } = filter.statistics();
      const { kept, failed, wrong, duplicate } = fates;
      return {
        tasks,
        samples: episodes,
        correct: episodes - failed - wrong,
        duplicates: duplicate,
        kept,
        tasksSolved,
        meanSearches: kept === 0 ? 0 : searches / kept,
        meanPolicyTokens,
        fates,
        recovered,
      };
    },
  };
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
    statistics: (filter: Filtered): DemonstrationStatistics => ({
      ...filter,
      errors,
      minPolicyTokens: longest === 0 ? 0 : shortest,
      maxPolicyTokens: longest,
    }),
    perTask: (): TaskStatistics[] => [...tasks.values()],
  };
}
