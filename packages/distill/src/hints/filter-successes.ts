import { ConfigError, type Trajectory } from '@dgpo/trajectory';
import { stepsOf } from './failure.js';
import { type HintDomain, hintDomain } from './hint-task.js';

export interface FilterSuccessesOptions {
  trajectories: Iterable<Trajectory>;
  /** @default the environment of each trajectory */
  domain?: HintDomain;
  /** Household: invalid actions and repeated ones without effect that an episode may have. @default 2 */
  maxInvalidActions?: number;
  /** Shop: least reward. @default 0.67 */
  minReward?: number;
  /**
   * `paper` is the defaults. `reference` is what its code does: in a household commands that the world refuses, at most 1; in a shop
   * reward 1 and no invalid action.
   * @default 'paper'
   */
  compat?: 'paper' | 'reference';
}

export type DropReason = 'failed' | 'error' | 'invalid-actions';

export interface FilteredSuccesses {
  kept: Trajectory[];
  dropped: { id: string; reason: DropReason }[];
}

/** Turns without effect: what could not be read or carried out, and the same command with the same answer once more. */
function invalidActions(trajectory: Trajectory): number {
  const steps = stepsOf(trajectory);
  return steps.filter(({ command, executed, observation }, turn) => {
    const before = steps[turn - 1];
    const isRepeated = before !== undefined && before.command === command && before.observation === observation;
    return !executed || isRepeated;
  }).length;
}

const refusedActions = ({ actions }: Trajectory) =>
  actions.filter(({ executed, kind }) => kind !== 'invalid' && !executed).length;

/**
 * The episodes to train a student on: successes that were played cleanly. Source: arXiv 2510.01375 (more than two invalid or repeated
 * actions drop an episode of the household, a score below 67 one of the shop) and, with `compat`, its code.
 *
 * @throws ConfigError for options out of range, or for an episode of another environment without `domain`
 */
export function filterSuccesses(options: FilterSuccessesOptions): FilteredSuccesses {
  const isReference = options.compat === 'reference';
  const { maxInvalidActions = isReference ? 1 : 2, minReward = isReference ? 1 : 0.67 } = options;
  if (!Number.isInteger(maxInvalidActions) || maxInvalidActions < 0) {
    throw new ConfigError(`expected a whole number of at least 0, found ${maxInvalidActions}`, {
      where: 'maxInvalidActions',
    });
  }
  if (!(minReward >= 0 && minReward <= 1)) {
    throw new ConfigError(`expected a number from 0 to 1, found ${minReward}`, { where: 'minReward' });
  }
  const reasonToDrop = (trajectory: Trajectory): DropReason | null => {
    const { actions, outcome } = trajectory;
    if (outcome.endedBy === 'error') return 'error';
    if ((options.domain ?? hintDomain(trajectory)) === 'webshop') {
      if (outcome.reward < minReward) return 'failed';
      return isReference && actions.some(({ executed }) => !executed) ? 'invalid-actions' : null;
    }
    if (!outcome.correct) return 'failed';
    const invalid = isReference ? refusedActions(trajectory) : invalidActions(trajectory);
    return invalid > maxInvalidActions ? 'invalid-actions' : null;
  };
  const filtered: FilteredSuccesses = { kept: [], dropped: [] };
  for (const trajectory of options.trajectories) {
    const reason = reasonToDrop(trajectory);
    if (reason === null) filtered.kept.push(trajectory);
    else filtered.dropped.push({ id: trajectory.id, reason });
  }
  return filtered;
}
