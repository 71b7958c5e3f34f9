import { type Grid, requireSameShape } from './grid.js';

export interface SamplerCorrectionOptions {
  /** Of the sampled tokens, as the sampler recorded them. */
  samplerLogProbs: Grid;
  /** Of the same tokens, by the trainer's forward pass with the same weights or newer ones. */
  trainerLogProbs: Grid;
  /** 1 on tokens of the policy; elsewhere anything may be NaN. */
  mask: Grid;
  /**
   * - `token`: one ratio per token; low variance, biased.
   * - `sequence`: the product over the episode at each of its tokens; unbiased but for the cap, of high variance.
   * @default 'token'
   */
  level?: 'token' | 'sequence';
  /** Importance weights end here (truncated importance sampling). @default 2 */
  cap?: number;
  /**
   * Rejects episodes whose geometric mean ratio, `exp(mean of log π_trainer − log π_sampler)`, lies outside `[low, high]`. It does not
   * depend on length; bounds of 0.99 and 1.01 are in use. `low` is `1 / high` by default.
   * @default off
   */
  geometricMask?: { low?: number; high: number };
}

export interface SamplerCorrectionMetrics {
  /** KL(sampler ‖ trainer) per token in nats, the mean of `log π_sampler − log π_trainer`. 0 where both compute alike. */
  klK1: number;
  /** The same by k3, `ρ − 1 − log ρ`: never negative, less noisy. */
  klK3: number;
  /** Mean of the ratios before the cap: over tokens at level `token`, over episodes at level `sequence`. */
  ratioMean: number;
  ratioMax: number;
  /** Share of the ratios above the cap. */
  cappedFraction: number;
  /** `(Σ w)² / (n · Σ w²)` of the weights as returned, from 1 (all count alike) to 1/n; what is rejected weighs 0. */
  effectiveSampleSize: number;
  /** Share of the episodes with policy tokens that `geometricMask` rejects. */
  rejectedFraction: number;
}

export interface SamplerCorrection {
  /** `min(ρ, cap)` per token, 0 outside the mask and in rejected episodes; for `importanceWeights` of a policy loss. */
  weights: Grid;
  /** The mask without rejected episodes; for {@link tokenWeights} where they shall not count in means either. */
  mask: Grid;
  /** Over the whole batch; an empty mask gives 0. */
  metrics: SamplerCorrectionMetrics;
}

const clamp = (logRatio: number) => Math.min(20, Math.max(-20, logRatio));
const ratioOf = (logRatio: number) => Math.exp(clamp(logRatio));
// expm1, and no rounding below 0: the differences that matter here are tiny.
const k3Of = (logRatio: number) => Math.max(0, Math.expm1(clamp(logRatio)) - logRatio);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => (values.length === 0 ? 0 : sum(values) / values.length);

/**
 * Importance weights `ρ = π_trainer / π_sampler` against the difference between the policy that sampled and the one that is trained:
 * another implementation, another precision, or older weights (verl, `rollout_corr_helper.py`; Yao et al. 2025, "Your efficient RL
 * framework secretly brings you off-policy RL training"). Logarithms are clamped to ±20 before the exponential, as in verl. The weights
 * change the measure, so nothing is to be differentiated through them.
 *
 * @throws RangeError when the grids differ in shape, the cap is not positive, or the bounds are not `0 < low ≤ high`.
 */
export function samplerCorrection(options: SamplerCorrectionOptions): SamplerCorrection {
  const { samplerLogProbs, trainerLogProbs, mask, level = 'token', cap = 2, geometricMask } = options;
  requireSameShape({ mask, samplerLogProbs, trainerLogProbs });
  if (!(cap > 0)) throw new RangeError(`cap must be positive, found ${cap}`);
  const { high, low } = boundsOf(geometricMask);
  const [batch, time] = mask.shape;
  const weights = new Float32Array(batch * time);
  const kept = new Float32Array(batch * time);
  const logRatios: number[] = [];
  const ratios: number[] = [];
  const counted: number[] = [];
  let episodes = 0;
  let rejected = 0;
  for (let row = 0; row < batch; row++) {
    const tokens: number[] = [];
    for (let index = row * time; index < (row + 1) * time; index++) if (mask.data[index] === 1) tokens.push(index);
    if (tokens.length === 0) continue;
    const own = tokens.map(
      (index) => (trainerLogProbs.data[index] as number) - (samplerLogProbs.data[index] as number),
    );
    const geometricMean = ratioOf(mean(own));
    const isRejected = geometricMean < low || geometricMean > high;
    const ownRatios = level === 'token' ? own.map(ratioOf) : [ratioOf(sum(own))];
    const ownWeights = ownRatios.map((ratio) => (isRejected ? 0 : Math.min(ratio, cap)));
    tokens.forEach((index, position) => {
      weights[index] = ownWeights[level === 'token' ? position : 0] as number;
      kept[index] = isRejected ? 0 : 1;
    });
    for (const logRatio of own) logRatios.push(logRatio);
    for (const ratio of ownRatios) ratios.push(ratio);
    for (const weight of ownWeights) counted.push(weight);
    episodes += 1;
    rejected += isRejected ? 1 : 0;
  }
  return {
    weights: { data: weights, shape: mask.shape },
    mask: { data: kept, shape: mask.shape },
    metrics: {
      klK1: -mean(logRatios) + 0,
      klK3: mean(logRatios.map(k3Of)),
      ratioMean: mean(ratios),
      ratioMax: ratios.reduce((most, ratio) => Math.max(most, ratio), 0),
      cappedFraction: mean(ratios.map((ratio) => (ratio > cap ? 1 : 0))),
      effectiveSampleSize: effectiveShare(counted),
      rejectedFraction: episodes === 0 ? 0 : rejected / episodes,
    },
  };
}

function boundsOf(geometricMask: SamplerCorrectionOptions['geometricMask']): { low: number; high: number } {
  if (geometricMask === undefined) return { low: 0, high: Number.POSITIVE_INFINITY };
  const { high, low = 1 / high } = geometricMask;
  if (!(low > 0 && low <= high)) {
    throw new RangeError(`geometricMask needs 0 < low ≤ high, found low ${low} and high ${high}`);
  }
  return { low, high };
}

function effectiveShare(weights: readonly number[]): number {
  const squares = sum(weights.map((weight) => weight * weight));
  return squares === 0 ? 0 : sum(weights) ** 2 / (weights.length * squares);
}
