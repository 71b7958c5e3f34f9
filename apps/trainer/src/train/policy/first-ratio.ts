import { ModelError } from '@dgpo/trajectory';

/** What the first mini-batch of an update measures before it changes anything. */
export interface FirstRatio {
  /** Weighted means over the tokens of the mini-batch. */
  ratio: number;
  /** KL(old ‖ new) in nats per token. */
  approxKl: number;
  /** Whether the old log-probabilities come from the trainer under the same weights. */
  isRecomputed: boolean;
}

/** In float32 two passes of one model differ by rounding; the sampler may be another implementation of it. */
const limits = { recomputed: { ratio: 0.01, kl: 1e-4 }, recorded: { ratio: 0.2, kl: 0.05 } };

/**
 * Before the first step of an update the policy is the one that the ratio is held against: the mean ratio is 1, and the KL is 0.
 *
 * @throws ModelError with the numbers and what to check.
 */
export function checkFirstRatio({ ratio, approxKl, isRecomputed }: FirstRatio): void {
  const limit = limits[isRecomputed ? 'recomputed' : 'recorded'];
  // What is not finite is no disagreement: the update is skipped and counted.
  if (!Number.isFinite(ratio) || !Number.isFinite(approxKl)) return;
  if (Math.abs(ratio - 1) <= limit.ratio && approxKl <= limit.kl) return;
  const other = isRecomputed
    ? 'the trainer disagrees with itself: check that the weights of every worker are the same and that no step came before'
    : 'the sampler disagrees with the trainer: check temperature, tokenizer and the weights of the workers, or say recomputeOldLogProbs: true';
  throw new ModelError(
    `before the first step of an update the ratio of new to old policy is ${ratio.toPrecision(4)} and their KL ${approxKl.toPrecision(3)} ` +
      `nats per token, where 1 and 0 are expected (within ${limit.ratio} and ${limit.kl}); ${other}`,
  );
}
