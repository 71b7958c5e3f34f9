import type { Trajectory } from '@dgpo/trajectory';
import { type CorrectFilterOptions, createCorrectFilter } from '../keep-correct.js';
import { requireCount } from '../require-options.js';

/**
 * What became of a teacher's episode. `failed`: the environment broke. `wrong`: the answer is not correct. `unreadable`: an action could
 * not be parsed. `forced`: the answer came at or after the limit of turns. `duplicate`: the same stands there already. `surplus`: beyond
 * `maxPerTask` or `maxEpisodes`.
 */
export type TeacherFate = 'kept' | 'failed' | 'wrong' | 'unreadable' | 'forced' | 'duplicate' | 'surplus';

export interface TeacherFilterOptions extends Omit<CorrectFilterOptions, 'requireValidActions'> {
  /** An answer in a later turn than this one was forced by the limit. @default none: only episodes ended by a limit are */
  maxTurns?: number;
}

export interface TeacherFilterStatistics {
  episodes: number;
  fates: Record<TeacherFate, number>;
  tasks: number;
  /** Tasks with a correct and readable episode. */
  tasksSolved: number;
  /** Kept episodes in which an action failed and a later one made up for it. */
  recovered: number;
  /** Of the kept ones, per episode. */
  meanTurns: number;
  meanPolicyTokens: number;
}

export interface TeacherFilter {
  /** Takes the next episode and says what becomes of it. */
  judge(trajectory: Trajectory): TeacherFate;
  /** Over all episodes so far. */
  statistics(): TeacherFilterStatistics;
}

/**
 * Chooses a teacher's episodes to train a student on, one at a time: correct ones, without an action that could not be parsed and without
 * an answer that was forced at the limit. Code or commands that failed and were mended stay: recovering is to be learned.
 * Source: `filter_agent_training_data.py` of agent distillation (arXiv 2505.17612).
 * @throws ConfigError when a maximum is not at least 1
 */
export function createTeacherFilter(options: TeacherFilterOptions = {}): TeacherFilter {
  const { maxTurns = Number.POSITIVE_INFINITY, ...rest } = options;
  requireCount('maxTurns', maxTurns);
  const correct = createCorrectFilter(rest);
  const fates: Record<TeacherFate, number> = {
    kept: 0,
    failed: 0,
    wrong: 0,
    unreadable: 0,
    forced: 0,
    duplicate: 0,
    surplus: 0,
  };
  const tasks = new Set<string>();
  let turns = 0;
  let recovered = 0;

  const fateOf = (trajectory: Trajectory): TeacherFate => {
    const { actions, outcome } = trajectory;
    if (outcome.endedBy === 'error') return 'failed';
    if (!outcome.correct) return 'wrong';
    if (actions.some(({ kind }) => kind === 'invalid')) return 'unreadable';
    if (outcome.endedBy !== 'answer' || actions.length > maxTurns) return 'forced';
    const { duplicates } = correct.statistics();
    if (correct.keep(trajectory)) return 'kept';
    return correct.statistics().duplicates > duplicates ? 'duplicate' : 'surplus';
  };

  return {
    judge(trajectory) {
      const fate = fateOf(trajectory);
      tasks.add(trajectory.task.id);
      fates[fate] += 1;
      if (fate === 'kept') {
        turns += trajectory.actions.length;
        recovered += trajectory.actions.some(({ error, executed }) => error !== undefined || !executed) ? 1 : 0;
      }
      return fate;
    },
    statistics() {
      const { tasksSolved, meanPolicyTokens } = correct.statistics();
      const episodes = Object.values(fates).reduce((sum, count) => sum + count, 0);
      const meanTurns = fates.kept === 0 ? 0 : turns / fates.kept;
      return { episodes, fates: { ...fates }, tasks: tasks.size, tasksSolved, recovered, meanTurns, meanPolicyTokens };
    },
  };
}

/** {@link createTeacherFilter} over a list. @throws ConfigError when a maximum is not at least 1 */
export function filterTeacherTrajectories(options: TeacherFilterOptions & { trajectories: Iterable<Trajectory> }): {
  kept: Trajectory[];
  /** What became of each, in order. */
  fates: { id: string; fate: TeacherFate }[];
  statistics: TeacherFilterStatistics;
} {
  const { trajectories, ...rest } = options;
  const filter = createTeacherFilter(rest);
  const kept: Trajectory[] = [];
  const fates: { id: string; fate: TeacherFate }[] = [];
  for (const trajectory of trajectories) {
    const fate = filter.judge(trajectory);
    fates.push({ id: trajectory.id, fate });
    if (fate === 'kept') kept.push(trajectory);
  }
  return { kept, fates, statistics: filter.statistics() };
}
