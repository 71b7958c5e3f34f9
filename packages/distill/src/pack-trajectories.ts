import { flattenTrajectory, type Trajectory } from '@dgpo/trajectory';
import { requireCount } from './require-options.js';

/** Numbers per row and token, row-major: the same shape as `Grid` of `@dgpo/rl`. */
export interface TokenGrid {
  data: Float32Array;
  /** Rows and tokens, `[batch, time]`. */
  shape: readonly [batch: number, time: number];
}

export interface PackTrajectoriesOptions {
  trajectories: readonly Pick<Trajectory, 'id' | 'segments'>[];
  /** Longer episodes are left out, not cut: a cut episode would lose its answer and with it the reason for its reward. @default none */
  maximumTokens?: number;
  /** Id in the padding, which no mask selects. @default 0 */
  paddingTokenId?: number;
}

/** Episodes side by side, padded on the right to the longest. Entry `t` of a mask or log-probability belongs to token `t` itself. */
export interface PackedTrajectories {
  shape: readonly [batch: number, time: number];
  /** `[batch · time]`, row-major. */
  tokenIds: Int32Array;
  /** 1 on what the policy sampled. */
  policyMask: TokenGrid;
  /** 1 on all that comes after the prompt, observations too: the steps of `legacy` GAE. */
  mask: TokenGrid;
  /** The sampler's: 0 where the policy did not sample, NaN where the episode carries none. */
  logProbs: TokenGrid;
  /** `[batch]`: tokens of each row without padding. */
  lengths: Int32Array;
  /** `[batch]`: place of each row in `trajectories`. */
  rows: Int32Array;
  /** Ids of the episodes that were too long. */
  dropped: string[];
}

/**
 * Lays episodes out as arrays of `[batch, time]`, exactly the ids that were sampled and observed.
 *
 * @throws ConfigError when `maximumTokens` is not at least 1, DatasetError for an episode without token ids.
 */
export function packTrajectories(options: PackTrajectoriesOptions): PackedTrajectories {
  const { trajectories, maximumTokens = Number.POSITIVE_INFINITY, paddingTokenId = 0 } = options;
  requireCount('maximumTokens', maximumTokens);
  const all = trajectories.map((trajectory, index) => ({ index, id: trajectory.id, ...flattenTrajectory(trajectory) }));
  const kept = all.filter((flat) => flat.tokenIds.length <= maximumTokens);
  const time = kept.reduce((longest, flat) => Math.max(longest, flat.tokenIds.length), 0);
  const shape = [kept.length, time] as const;
  const grid = (): TokenGrid => ({ data: new Float32Array(kept.length * time), shape });
  const packed: PackedTrajectories = {
    shape,
    tokenIds: new Int32Array(kept.length * time).fill(paddingTokenId),
    policyMask: grid(),
    mask: grid(),
    logProbs: grid(),
    lengths: Int32Array.from(kept, (flat) => flat.tokenIds.length),
    rows: Int32Array.from(kept, (flat) => flat.index),
    dropped: all.filter((flat) => flat.tokenIds.length > maximumTokens).map((flat) => flat.id),
  };
  kept.forEach((flat, row) => {
    const start = row * time;
    packed.tokenIds.set(flat.tokenIds, start);
    packed.policyMask.data.set(flat.policyMask, start);
    packed.logProbs.data.set(flat.logProbs, start);
    const { segments } = trajectories[flat.index] as Pick<Trajectory, 'segments'>;
    const firstAfterPrompt = segments.findIndex((segment) => segment.kind !== 'prompt');
    const prompt = firstAfterPrompt === -1 ? segments : segments.slice(0, firstAfterPrompt);
    const promptTokens = prompt.reduce((sum, segment) => sum + (segment.tokenIds?.length ?? 0), 0);
    packed.mask.data.fill(1, start + promptTokens, start + flat.tokenIds.length);
  });
  return packed;
}
