import { DatasetError } from './errors.js';
import type { Trajectory } from './trajectory.js';

/** An episode as one training sequence; the three lists have one entry per token. */
export interface FlatTrajectory {
  tokenIds: number[];
  /** 1 on the tokens that the policy sampled. */
  policyMask: (0 | 1)[];
  /** The sampler's log-probabilities: 0 where the mask is 0, NaN on policy tokens whose segment carries none. */
  logProbs: number[];
}

/**
 * Joins the segments of an episode into one aligned sequence, exactly the ids that were sampled and observed.
 * @throws DatasetError when a segment carries no token ids, or a different number of log-probabilities.
 */
export function flattenTrajectory(trajectory: Pick<Trajectory, 'id' | 'segments'>): FlatTrajectory {
  const flat: FlatTrajectory = { tokenIds: [], policyMask: [], logProbs: [] };
  for (const [index, segment] of trajectory.segments.entries()) {
    const where = `trajectory ${trajectory.id}, segment ${index}`;
    const { tokenIds, logProbs } = segment;
    if (tokenIds === undefined) {
      throw new DatasetError('no tokenIds, only text: training needs the ids that were sampled', { where });
    }
    if (logProbs !== undefined && logProbs.length !== tokenIds.length) {
      throw new DatasetError(`${tokenIds.length} tokenIds but ${logProbs.length} logProbs: they must align`, { where });
    }
    const sampled = segment.kind === 'policy';
    for (const [position, tokenId] of tokenIds.entries()) {
      flat.tokenIds.push(tokenId);
      flat.policyMask.push(sampled ? 1 : 0);
      flat.logProbs.push(sampled ? (logProbs?.[position] ?? Number.NaN) : 0);
    }
  }
  return flat;
}
