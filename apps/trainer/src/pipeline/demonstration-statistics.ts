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
export interface DemonstrationStatistics extends Omit<CollectionStatistics, 'meanSearches'> {
  /** Executed searches per kept episode; absent where code searches, or nothing does. */
  meanSearches?: number;
  /** Episodes that an error ended: of a search, of the environment, or of the teacher's server. */
  errors: number;
  /**
   * With first-thought prefixes: episodes that begin with theirs; questions that have none and are left out; episodes whose prefix could not
   * be used, since it holds a stop string or leaves no token for the turn.
   */
  prefixes?: { used: number; missing: number; unusable: number };
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
type Filtered = Omit<CollectionStatistics, 'meanSearches'> &
  Pick<DemonstrationStatistics, 'meanSearches' | 'fates' | 'recovered'>;

/**
 * Chooses the episodes to learn from, as the settings say.
 * @param searches whether searches are actions of the episodes
 */
export function createDemonstrationFilter(
  settings: FilterSettings,
  searches: boolean,
): {
  keep(trajectory: Trajectory): boolean;
  statistics(): Filtered;
} {
  const { filter: name, maxTurns, maxEpisodes, maxPerTask, dedupe, requireValidActions } = settings;
  const shared = { maxEpisodes, dedupe, ...(maxPerTask === undefined ? {} : { maxPerTask }) };
  if (name === 'correct') {
    const filter = createCorrectFilter({ ...shared, requireValidActions });
    return {
      keep: (trajectory) => filter.keep(trajectory),
      statistics() {
        const { meanSearches, ...rest } = filter.statistics();
        return searches ? { ...rest, meanSearches } : rest;
      },
    };
  }
  const filter = createTeacherFilter({ ...shared, ...(maxTurns === undefined ? {} : { maxTurns }) });
  let keptSearches = 0;
  return {
    keep(trajectory) {
      const isKept = filter.judge(trajectory) === 'kept';
      if (isKept)
        keptSearches += trajectory.actions.filter(({ kind, executed }) => kind === 'search' && executed).length;
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
        ...(searches ? { meanSearches: kept === 0 ? 0 : keptSearches / kept } : {}),
        meanPolicyTokens,
        fates,
        recovered,
      };
    },
  };
}

const policyTokens = ({ segments }: Trajectory) =>
  segments.reduce((sum, { kind, tokenIds = [] }) => sum + (kind === 'policy' ? tokenIds.length : 0), 0);

/** Whether the first turn begins with its prefix; undefined for an episode without any turn. */
function hasPrefix({ segments }: Trajectory, prefix: string): boolean | undefined {
  const start = segments.findIndex(({ kind }) => kind !== 'prompt');
  const first = segments[start];
  if (first?.kind !== 'policy') return undefined;
  // Nobody sampled it: it stands alone, without log-probabilities.
  return first.logProbs === undefined && (segments[start + 1]?.kind === 'policy' || first.text === prefix);
}

/**
 * Counts episodes one by one.
 * @param prefixes what the first turn of a task was to begin with, by its id
 */
export function countDemonstrations(prefixes?: ReadonlyMap<string, string>) {
  const tasks = new Map<string, TaskStatistics>();
  let errors = 0;
  const begun = { used: 0, unusable: 0 };
  let shortest = Number.POSITIVE_INFINITY;
  let longest = 0;
  return {
    add(trajectory: Trajectory, isKept: boolean): void {
      const { id } = trajectory.task;
      const task = tasks.get(id) ?? { id, samples: 0, correct: 0, kept: 0 };
      tasks.set(id, task);
      task.samples += 1;
      const prefix = prefixes?.get(id);
      const isBegun = prefix === undefined ? undefined : hasPrefix(trajectory, prefix);
      if (isBegun !== undefined) begun[isBegun ? 'used' : 'unusable'] += 1;
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
    /** What became of the prefixes. */
    prefixes: () => ({ ...begun }),
    perTask: (): TaskStatistics[] => [...tasks.values()],
  };
}
