import { requireLength } from './grid.js';

/**
 * Which episodes the teacher guides.
 * - `incorrect`: those whose answer is wrong (DGPO).
 * - `always`: all of them (uniform KL). `never`: none (plain PPO or GRPO).
 * - `groupAllFail`: those of a task of which no sample is correct.
 * - `{ lowReward }`: those with a reward below this number, as the released code does with 0.1. Partial rewards can then close the gate
 *   on wrong episodes; it is here to reproduce, prefer `incorrect`.
 */
export type Gate = 'incorrect' | 'always' | 'never' | 'groupAllFail' | { lowReward: number };

export interface FailureGateOptions {
  gate: Gate;
  /** Of every episode, as its environment decided. */
  correct: readonly boolean[];
  /** Task of every episode; needed by `groupAllFail`. */
  groups?: readonly string[];
  /** Reward of every episode; needed by `{ lowReward }`. */
  rewards?: Float32Array;
}

/**
 * The failure gate of DGPO (arXiv 2508.20324): correct episodes learn from the reward alone, the others are pulled towards the teacher.
 * It reads the boolean `correct`, not the reward, so partial rewards neither open nor close it.
 *
 * @returns `[batch]`, 1 where guidance applies, else 0
 * @throws RangeError when a list that the gate needs is missing or does not have one entry per episode, or a threshold or reward that it
 * compares is not a number.
 */
export function failureGate(options: FailureGateOptions): Float32Array {
  const { gate, correct, groups, rewards } = options;
  if (typeof gate === 'object') {
    if (rewards === undefined) throw new RangeError('the gate { lowReward } needs the reward of every episode');
    requireLength('rewards', rewards.length, correct.length);
    // In float32 like the rewards, or 0.7 would lie below 0.7.
    const threshold = Math.fround(gate.lowReward);
    if (Number.isNaN(threshold)) throw new RangeError('lowReward must be a number, found NaN');
    return rewards.map((reward, row) => {
      // NaN is below nothing: it would pass as a success.
      if (Number.isNaN(reward)) throw new RangeError(`the reward of row ${row} is NaN`);
      return reward < threshold ? 1 : 0;
    });
  }
  if (gate === 'groupAllFail') {
    if (groups === undefined) throw new RangeError('the gate groupAllFail needs the group of every episode');
    requireLength('groups', groups.length, correct.length);
    const solved = new Set(groups.filter((_, index) => correct[index]));
    return Float32Array.from(groups, (group) => (solved.has(group) ? 0 : 1));
  }
  return Float32Array.from(correct, (isCorrect) => (gate === 'always' || (gate === 'incorrect' && !isCorrect) ? 1 : 0));
}
