import { failureGate, type Grid, maskTruncated, softOverlongPunishment } from '@dgpo/rl';
import type { Trajectory } from '@dgpo/trajectory';
import { scoredCount } from '../../compute/scored-rows.js';
import type { RlSettings } from '../../recipe/rl-section.js';
import { type EpisodeRow, episodeRow } from '../episode-rows.js';
import { toGrid } from '../token-grid.js';
import type { Rollouts } from './collect-rollouts.js';

/** The episodes of one update as rows; grids hold the tokens of the policy alone. */
export interface TrainingBatch {
  episodes: readonly Trajectory[];
  rows: readonly EpisodeRow[];
  groups: readonly string[];
  /** Policy tokens of each row. */
  counts: readonly number[];
  /** 1 on the tokens of the policy. */
  mask: Grid;
  /** The same without episodes that were cut, where the recipe leaves those out of the loss. */
  lossMask: Grid;
  samplerLogProbs: Grid;
  /** Rewards with what a long episode is punished by. */
  scores: Float32Array;
  /** 1 where guidance applies. */
  gate: Float32Array;
  baselines: ReadonlyMap<string, number>;
}

/** @param options.maxLength tokens of an episode at which it is cut */
export function trainingBatch(options: { rollouts: Rollouts; settings: RlSettings; maxLength: number }): TrainingBatch {
  const { rollouts, settings, maxLength } = options;
  const { guidance, overlong } = settings;
  const episodes = rollouts.chosen.map((index) => rollouts.episodes[index] as Trajectory);
  const groups = rollouts.chosen.map((index) => rollouts.groups[index] as string);
  const rows = episodes.map(episodeRow);
  const rewards = Float32Array.from(episodes, ({ outcome }) => outcome.reward);
  const { grid: samplerLogProbs, mask } = toGrid(rows.map((row) => row.logProbs));
  const punishments =
    overlong.bufferLength === 0
      ? new Float32Array(rows.length)
      : softOverlongPunishment({
          lengths: rows.map((row) => row.tokenIds.length),
          maxLength,
          cacheLength: overlong.bufferLength,
          penaltyFactor: overlong.penaltyFactor,
        });
  const truncated = episodes.map(({ outcome }) => outcome.endedBy === 'length');
  return {
    episodes,
    rows,
    groups,
    counts: rows.map(scoredCount),
    mask,
    lossMask: overlong.maskTruncated ? maskTruncated({ mask, truncated }) : mask,
    samplerLogProbs,
    scores: rewards.map((reward, row) => reward + (punishments[row] as number)),
    gate: failureGate({
      gate: guidance.gate === 'lowReward' ? { lowReward: guidance.threshold ?? Number.NaN } : guidance.gate,
      correct: episodes.map(({ outcome }) => outcome.correct),
      groups,
      rewards,
    }),
    baselines: new Map(Object.entries(rollouts.baselines)),
  };
}
