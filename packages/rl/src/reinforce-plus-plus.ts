import type { Grid } from './grid.js';
import { groupRelativeAdvantages } from './group-relative-advantages.js';
import { returnsToGo } from './returns-to-go.js';
import { tokenAdvantages } from './token-advantages.js';
import { whiten } from './whiten.js';

export interface ReinforcePlusPlusOptions {
  /** Token rewards, such as {@link applyKlPenalty} makes them. */
  rewards: Grid;
  /** 1 on tokens of the policy. */
  policyMask: Grid;
  /** Discount per policy token. @default 1 */
  gamma?: number;
}

/**
 * REINFORCE++ (Hu et al. 2025, arXiv 2501.03262): the discounted reward to go of each policy token, whitened over all policy tokens of
 * the batch; no critic, no groups. As verl's `compute_reinforce_plus_plus_outcome_advantage` on episodes of one turn. There the return
 * starts anew at every masked token, so an episode of many turns would credit the final reward to its last turn alone; here it goes
 * from policy token to policy token, across observations.
 *
 * Give the whole batch, since it is whitened. All returns equal gives 0.
 *
 * @returns grids `[batch, time]`, 0 outside `policyMask`; what lies there in `rewards` may be NaN. `returns` are not whitened
 * @throws RangeError when the grids differ in shape.
 */
export function reinforcePlusPlusAdvantages(options: ReinforcePlusPlusOptions): { advantages: Grid; returns: Grid } {
  const returns = returnsToGo(options);
  return { advantages: whiten({ values: returns, mask: options.policyMask }), returns };
}

export interface ReinforcePlusPlusBaselineOptions {
  /** `[batch]`: the whole reward of each episode. */
  scores: Float32Array;
  /** Task of each episode. */
  groups: readonly string[];
  /** 1 on tokens of the policy. */
  policyMask: Grid;
}

/**
 * REINFORCE++ with baseline (arXiv 2501.03262; verl, `compute_reinforce_plus_plus_baseline_outcome_advantage`): the score less the mean
 * score of the task, given to every policy token and whitened over those of the batch. Unlike GRPO it divides by one deviation for all
 * tasks, so a task of nearly equal scores is not blown up. Statistics are over tokens: a longer episode weighs more in them. A group of
 * one has the baseline 0, as in verl.
 *
 * Give the whole batch, since it is whitened: the mean over tokens is taken off too, so an episode of a task with equal scores gets 0
 * only where that mean is 0 (all episodes equally long, no groups of one).
 *
 * @returns a grid `[batch, time]`, 0 outside `policyMask`
 * @throws RangeError when there is not one score and one group per row.
 */
export function reinforcePlusPlusBaselineAdvantages(options: ReinforcePlusPlusBaselineOptions): Grid {
  const { scores, groups, policyMask } = options;
  const advantages = groupRelativeAdvantages({ scores, groups, normalizeByStd: false });
  return whiten({ values: tokenAdvantages({ advantages, policyMask }), mask: policyMask });
}
