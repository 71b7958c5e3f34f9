import { rowsByGroup } from './groups.js';

export interface GroupRelativeAdvantagesOptions {
  /** `[batch]`: the whole reward of each episode, a penalty included. */
  scores: Float32Array;
  /** Task of each episode. A row index would split or merge groups as soon as rows are shuffled or dropped. */
  groups: readonly string[];
  /** True is GRPO; false leaves the advantages in units of reward (Dr. GRPO), so an easy task weighs no more than a hard one. @default true */
  normalizeByStd?: boolean;
  /** Added to the standard deviation. @default 1e-6 */
  epsilon?: number;
}

/**
 * Advantages relative to the other samples of the same task: `(score − mean) / (std + ε)` with the unbiased standard deviation of the
 * group (GRPO, arXiv 2402.03300, section 4.1.2), or `score − mean` (Dr. GRPO, arXiv 2503.20783). All scores equal gives 0. A group of
 * one has nothing to compare with (the paper's G is at least 2) and keeps its score (mean 0 and deviation 1, as in Search-R1 and verl,
 * `compute_grpo_outcome_advantage`); {@link informativeGroups} can drop it.
 *
 * @returns `[batch]`, the same advantage for every policy token of the episode
 * @throws RangeError when `groups` does not name a group for every score.
 */
export function groupRelativeAdvantages(options: GroupRelativeAdvantagesOptions): Float32Array {
  const { scores, groups, normalizeByStd = true, epsilon = 1e-6 } = options;
  const advantages = new Float32Array(scores.length);
  for (const indices of rowsByGroup(groups, scores.length).values()) {
    const own = indices.map((index) => scores[index] as number);
    const isAlone = own.length === 1;
    const mean = isAlone ? 0 : own.reduce((sum, score) => sum + score, 0) / own.length;
    const variance = isAlone ? 1 : own.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (own.length - 1);
    const scale = normalizeByStd ? 1 / (Math.sqrt(variance) + epsilon) : 1;
    for (const index of indices) advantages[index] = ((scores[index] as number) - mean) * scale;
  }
  return advantages;
}
