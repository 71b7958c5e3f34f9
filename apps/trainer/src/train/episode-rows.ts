import { flattenTrajectory, type Trajectory } from '@dgpo/trajectory';
import type { ScoredRow } from '../compute/scored-rows.js';

/** An episode as a training row, with the sampler's log-probability of every policy token. */
export interface EpisodeRow extends ScoredRow {
  /** `[policy tokens]` */
  logProbs: Float32Array;
}

/** Exactly the tokens of the episode; the mask marks what the policy sampled. */
export function episodeRow(trajectory: Trajectory): EpisodeRow {
  const { tokenIds, policyMask, logProbs } = flattenTrajectory(trajectory);
  return {
    tokenIds: Int32Array.from(tokenIds),
    mask: Uint8Array.from(policyMask),
    logProbs: Float32Array.from(logProbs.filter((_, index) => policyMask[index] === 1)),
  };
}
