import { type Grid, requireLength } from './grid.js';

/**
 * Gives every policy token the advantage of its episode, as GRPO and RLOO do.
 *
 * @param options.advantages `[batch]`
 * @param options.policyMask 1 on tokens of the policy
 * @returns a grid `[batch, time]`, 0 outside the mask
 * @throws RangeError when there is not one advantage per row.
 */
export function tokenAdvantages(options: { advantages: Float32Array; policyMask: Grid }): Grid {
  const { advantages, policyMask } = options;
  const [batch, time] = policyMask.shape;
  requireLength('advantages', advantages.length, batch);
  const data = policyMask.data.map((value, index) =>
    value === 1 ? (advantages[Math.floor(index / time)] as number) : 0,
  );
  return { data, shape: policyMask.shape };
}
