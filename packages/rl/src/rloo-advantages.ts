import { rowsByGroup } from './groups.js';

export interface RlooAdvantagesOptions {
  /** `[batch]`: the whole reward of each episode, a penalty included. */
  scores: Float32Array;
  /** Task of each episode. */
  groups: readonly string[];
}

/**
 * REINFORCE with a leave-one-out baseline (RLOO; Ahmadian et al. 2024, arXiv 2402.14740): the score less the mean score of
 * the other samples of the task, `R_i − Σ_{j≠i} R_j / (k − 1)`, which is `k / (k − 1)` times Dr. GRPO's advantage. The baseline does not
 * depend on the sample it judges, so the gradient is unbiased. All scores equal gives 0. The paper has k of at least 2; a group of one
 * has no other sample, hence no baseline, and keeps its score (verl, `compute_rloo_outcome_advantage`).
 *
 * @returns `[batch]`, the same advantage for every policy token of the episode (see {@link tokenAdvantages})
 * @throws RangeError when `groups` does not name a group for every score.
 */
export function rlooAdvantages(options: RlooAdvantagesOptions): Float32Array {
  const { scores, groups } = options;
  const advantages = new Float32Array(scores.length);
  for (const rows of rowsByGroup(groups, scores.length).values()) {
    const total = rows.reduce((sum, row) => sum + (scores[row] as number), 0);
    for (const row of rows) {
      const score = scores[row] as number;
      advantages[row] = score - (rows.length === 1 ? 0 : (total - score) / (rows.length - 1));
    }
  }
  return advantages;
}
