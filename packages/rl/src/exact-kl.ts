import { requireLength } from './grid.js';
import type { KlDirection } from './token-kl.js';

export interface ExactKlOptions {
  /** Normalised log-probabilities of the policy, `[tokens, vocabulary]`, row-major. */
  logProbs: ArrayLike<number>;
  /** Of the reference, over the same vocabulary. */
  referenceLogProbs: ArrayLike<number>;
  vocabularySize: number;
  /** @default 'reverse' */
  direction?: KlDirection;
  /** `[tokens]`: where it is not 1 the result is 0, even if the rows are NaN. @default all 1 */
  mask?: ArrayLike<number>;
}

export interface ExactKl {
  /** `[tokens]`, in nats. */
  kl: Float64Array;
  /** `[tokens, vocabulary]`: derivative of every token's KL by the policy's logits. */
  logitGradient: Float64Array;
}

/** Rows of `width` for every token, and a mask that covers them. */
export function requireRows(options: {
  logProbs: ArrayLike<number>;
  referenceLogProbs: ArrayLike<number>;
  width: number;
  mask: ArrayLike<number> | undefined;
}): number {
  const { logProbs, referenceLogProbs, width, mask } = options;
  if (!(Number.isInteger(width) && width > 0) || logProbs.length % width !== 0) {
    throw new RangeError(`logProbs has ${logProbs.length} values, which are not rows of ${width}`);
  }
  if (referenceLogProbs.length !== logProbs.length) {
    throw new RangeError(`referenceLogProbs has ${referenceLogProbs.length} values, logProbs ${logProbs.length}`);
  }
  const tokens = logProbs.length / width;
  if (mask !== undefined) requireLength('mask', mask.length, tokens);
  return tokens;
}

/** What one class adds to a KL, and the derivative of that by the class's log-probability; 0·log 0 is 0. */
export function klTerm(logQ: number, logP: number, direction: KlDirection): { value: number; slope: number } {
  if (direction === 'reverse') {
    if (logQ === Number.NEGATIVE_INFINITY) return { value: 0, slope: 0 };
    const q = Math.exp(logQ);
    return { value: q * (logQ - logP), slope: q * (logQ - logP + 1) };
  }
  if (logP === Number.NEGATIVE_INFINITY) return { value: 0, slope: 0 };
  const p = Math.exp(logP);
  return { value: p * (logP - logQ), slope: -p };
}

/**
 * The KL of two next-token distributions, summed over the vocabulary, with its gradient; in float64. `reverse`, KL(π ‖ π_ref) = Σ q (log q −
 * log p), has the gradient `q (log q − log p − KL)`; `forward`, KL(π_ref ‖ π) = Σ p (log p − log q), has `q − p` (GKD, arXiv 2306.13649).
 * It is the divergence at the states that were visited: how the policy's choices change which states those are is not in it. For
 * tensors, see `divergence` of @dgpo/distill.
 *
 * @throws RangeError when the shapes do not fit, or the divergence is infinite because one model excludes a token (−∞) that the other
 * one allows; exclude it in both.
 */
export function exactKl(options: ExactKlOptions): ExactKl {
  const { logProbs, referenceLogProbs, vocabularySize, direction = 'reverse', mask } = options;
  const tokens = requireRows({ logProbs, referenceLogProbs, width: vocabularySize, mask });
  const kl = new Float64Array(tokens);
  const logitGradient = new Float64Array(logProbs.length);
  for (let token = 0; token < tokens; token++) {
    if (mask !== undefined && mask[token] !== 1) continue;
    const start = token * vocabularySize;
    let sum = 0;
    let slopeSum = 0;
    for (let index = start; index < start + vocabularySize; index++) {
      const { value, slope } = klTerm(logProbs[index] as number, referenceLogProbs[index] as number, direction);
      sum += value;
      slopeSum += slope;
      logitGradient[index] = slope;
    }
    if (sum === Number.POSITIVE_INFINITY) {
      throw new RangeError(
        `token ${token}: the KL is infinite, as one model excludes a token that the other allows; exclude it in both`,
      );
    }
    kl[token] = sum;
    for (let index = start; index < start + vocabularySize; index++) {
      logitGradient[index] = (logitGradient[index] as number) - Math.exp(logProbs[index] as number) * slopeSum;
    }
  }
  return { kl, logitGradient };
}
