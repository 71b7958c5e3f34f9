import { type Grid, requireLength } from './grid.js';
import { returnsToGo } from './returns-to-go.js';

export interface RemaxAdvantagesOptions {
  /** Token rewards, such as {@link applyKlPenalty} makes them. */
  rewards: Grid;
  /** 1 on tokens of the policy. */
  policyMask: Grid;
  /** Task of each episode. */
  groups: readonly string[];
  /** By task: the reward of its greedy episode (temperature 0, the same policy), which is played for this number alone. */
  baselines: ReadonlyMap<string, number>;
}

/**
 * ReMax (Li et al. 2024, arXiv 2310.10505): the reward to go of each policy token less the reward of the greedy episode of
 * the same task (verl, `compute_remax_outcome_advantage`). With a reward at the end alone that is `R(sampled) − R(greedy)` on every
 * policy token. The greedy reward is an outcome: it carries no KL penalty, as in verl.
 *
 * @returns grids `[batch, time]`, 0 outside `policyMask`; what lies there in `rewards` may be NaN
 * @throws RangeError when the grids differ in shape, when there is not one group per row, or when a task lacks its baseline.
 */
export function remaxAdvantages(options: RemaxAdvantagesOptions): { advantages: Grid; returns: Grid } {
  const { rewards, policyMask, groups, baselines } = options;
  const [batch, time] = policyMask.shape;
  requireLength('groups', groups.length, batch);
  const baselineOf = groups.map((group) => {
    const baseline = baselines.get(group);
    if (baseline === undefined) throw new RangeError(`baselines has no greedy reward for the task ${group}`);
    return baseline;
  });
  const returns = returnsToGo({ rewards, policyMask });
  const data = returns.data.map((value, index) =>
    policyMask.data[index] === 1 ? value - (baselineOf[Math.floor(index / time)] as number) : 0,
  );
  return { advantages: { data, shape: policyMask.shape }, returns };
}
