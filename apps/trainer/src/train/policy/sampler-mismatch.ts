import { type Grid, samplerCorrection } from '@dgpo/rl';
import type { createRandom } from '@dgpo/trajectory';
import type { RlSettings } from '../../recipe/rl-section.js';
import type { EpisodeRow } from '../episode-rows.js';
import { toGrid } from '../token-grid.js';
import type { TrainingBatch } from './training-batch.js';

export interface OldPolicy {
  /** Log-probabilities that the ratio of the policy loss starts from. */
  logProbs: Grid;
  /** True when they come from the weights that are about to be trained, so that the first ratio is 1. */
  isRecomputed: boolean;
  /** Factors of the token losses. */
  importanceWeights?: Grid;
  /** `lossMask` without episodes that the geometric mask rejects. */
  lossMask: Grid;
  /** How far sampler and trainer are apart, under verl's names. */
  metrics: Record<string, number>;
}

/** Whether importance weights or a geometric mask change the loss. */
function correctionOf({ samplerCorrection: correction, maxStaleness }: RlSettings) {
  const level = correction.level ?? (maxStaleness > 0 ? 'token' : 'none');
  const { geometricHigh, geometricLow } = correction;
  const geometricMask =
    geometricHigh === undefined
      ? {}
      : { geometricMask: { high: geometricHigh, ...(geometricLow === undefined ? {} : { low: geometricLow }) } };
  return { level, geometricMask };
}

/**
 * Compares the recorded log-probabilities of the sampler with those of the trainer. All episodes are scored where the recipe asks for
 * it, or where the difference is to be corrected or expected; else a sample of as many as a micro-batch has, which costs little and
 * shows a fault as well.
 *
 * @param options.score log-probabilities of rows under the weights about to be trained
 */
export async function oldPolicy(options: {
  batch: TrainingBatch;
  settings: RlSettings;
  random: ReturnType<typeof createRandom>;
  score: (rows: readonly EpisodeRow[]) => Promise<Float32Array[]>;
}): Promise<OldPolicy> {
  const { batch, settings, random, score } = options;
  const { level, geometricMask } = correctionOf(settings);
  const corrects = level !== 'none' || 'geometricMask' in geometricMask;
  const isRecomputed = corrects || settings.recomputeOldLogProbs || settings.maxStaleness > 0;
  const everyone = batch.rows.map((_, index) => index);
  const chosen = isRecomputed
    ? everyone
    : random
        .shuffle(everyone)
        .slice(0, settings.microBatchSize)
        .sort((a, b) => a - b);
  const rows = chosen.map((index) => batch.rows[index] as EpisodeRow);
  const sampler = toGrid(rows.map((row) => row.logProbs));
  const trainer = toGrid(await score(rows)).grid;
  const correction = samplerCorrection({
    samplerLogProbs: sampler.grid,
    trainerLogProbs: trainer,
    mask: sampler.mask,
    level: level === 'sequence' ? 'sequence' : 'token',
    cap: settings.samplerCorrection.cap,
    ...geometricMask,
  });
  const { metrics } = correction;
  return {
    logProbs: isRecomputed ? trainer : batch.samplerLogProbs,
    isRecomputed,
    ...(level === 'none' ? {} : { importanceWeights: correction.weights }),
    lossMask: corrects ? both(batch.lossMask, correction.mask) : batch.lossMask,
    metrics: {
      'rollout_corr/kl': metrics.klK1,
      'rollout_corr/k3_kl': metrics.klK3,
      'rollout_corr/rollout_is_mean': metrics.ratioMean,
      'rollout_corr/rollout_is_max': metrics.ratioMax,
      'rollout_corr/rollout_is_ratio_fraction_high': metrics.cappedFraction,
      'rollout_corr/rollout_is_eff_sample_size': metrics.effectiveSampleSize,
      'rollout_corr/rollout_rs_masked_fraction': metrics.rejectedFraction,
    },
  };
}

const both = (a: Grid, b: Grid): Grid => ({
  data: a.data.map((value, index) => (value === 1 && b.data[index] === 1 ? 1 : 0)),
  shape: a.shape,
});
