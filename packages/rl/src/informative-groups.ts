import { rowsByGroup } from './groups.js';

export interface InformativeGroupsOptions {
  /**
   * `[batch]`: reward of each episode. Give the outcome without penalties for length or KL: they make equal outcomes look different
   * (DAPO compares accuracy).
   */
  scores: Float32Array;
  /** Task of each episode. */
  groups: readonly string[];
  /**
   * Whether a group of one counts as informative: the group-relative estimators keep its score, so there is something to learn from
   * (verl does so). False drops it, as the paper's condition does.
   * @default true
   */
  keepSingletons?: boolean;
}

/** A task that teaches nothing: all its scores are equal, so every group-relative advantage is 0. */
export interface UninformativeGroup {
  group: string;
  /** Episodes of it. */
  size: number;
  /** The score that all of them have. */
  score: number;
}

export interface InformativeGroups {
  /** Row indices to train on, ascending. */
  rows: number[];
  /** Task ids to train on, in the order of their first row. */
  informative: string[];
  /** Task ids to drop and to replace by others, in the order of their first row. */
  uninformative: UninformativeGroup[];
  /** Share of the groups that are dropped, 0 without groups; the `frac_reward_zero_std` of TRL where groups are equally large. */
  fracRewardZeroStd: number;
}

/**
 * Dynamic sampling (DAPO, arXiv 2503.14476, section 3.2, eq. 11): finds the tasks whose episodes all have the same score, too hard or
 * too easy at this point. Sample further tasks until the batch is full again, with a bound on how often. Scores are equal when they are the
 * same number: a standard deviation, as compared with 0 in verl, can come out above 0 by rounding alone.
 *
 * @throws RangeError when `groups` does not name a group for every score.
 */
export function informativeGroups(options: InformativeGroupsOptions): InformativeGroups {
  const { scores, groups, keepSingletons = true } = options;
  const rows: number[] = [];
  const informative: string[] = [];
  const uninformative: UninformativeGroup[] = [];
  for (const [group, own] of rowsByGroup(groups, scores.length)) {
    const score = scores[own[0] as number] as number;
    const isEqual = own.length === 1 ? !keepSingletons : own.every((row) => scores[row] === score);
    if (isEqual) {
      uninformative.push({ group, size: own.length, score });
    } else {
      informative.push(group);
      rows.push(...own);
    }
  }
  const total = informative.length + uninformative.length;
  return {
    rows: rows.sort((a, b) => a - b),
    informative,
    uninformative,
    fracRewardZeroStd: total === 0 ? 0 : uninformative.length / total,
  };
}
