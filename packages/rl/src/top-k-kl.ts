import { klTerm, requireRows } from './exact-kl.js';
import type { KlDirection } from './token-kl.js';

export interface TopKKlOptions {
  /** Of the policy at the reference's k most likely tokens, `[tokens, k]`, row-major; normalised over the whole vocabulary. */
  logProbs: ArrayLike<number>;
  /** Of the reference at the same tokens, as a server returns them. */
  referenceLogProbs: ArrayLike<number>;
  k: number;
  /** @default 'reverse' */
  direction?: KlDirection;
  /** `[tokens]`: where it is not 1 the result is 0, even if the rows are NaN. @default all 1 */
  mask?: ArrayLike<number>;
  /** Least probability of the tail bucket; what rounding leaves of `1 − Σ` is meaningless below. @default 1e-6 */
  minimumTail?: number;
}

export interface TopKKl {
  /** `[tokens]`, in nats. */
  kl: Float64Array;
  /**
   * `[tokens, k]`: derivative of every token's KL by the policy's log-probabilities of the k tokens, that of the tail being what they
   * leave. Through the softmax, with `S` the sum over k of these and `q` the policy: a logit among the k gets `gradient − q·S`, any
   * other one `−q·S`.
   */
  gradient: Float64Array;
  /** `[tokens]`: probability that the policy and the reference leave to the tail. */
  tail: Float64Array;
  referenceTail: Float64Array;
}

/** Rounding of float32 log-probabilities sums to a little above 1; more than this and they are not of one distribution. */
const excess = 1e-3;

function tailOf(logProbs: ArrayLike<number>, start: number, k: number): number {
  let sum = 0;
  for (let index = start; index < start + k; index++) sum += Math.exp(logProbs[index] as number);
  if (sum > 1 + excess) {
    throw new RangeError(
      `token ${start / k}: the probabilities of its ${k} tokens sum to ${sum.toPrecision(6)}, more than 1; are they of distinct tokens and normalised?`,
    );
  }
  return 1 - sum;
}

/**
 * The KL over k + 1 classes: the reference's k most likely tokens and one bucket for all others, with its gradient; in float64. For
 * teachers that give only their top k. Merging classes can only lose divergence, so it is at most {@link exactKl}, and equal to it where
 * the models agree on how the tail is divided or k covers the vocabulary.
 *
 * @throws RangeError when the shapes do not fit, the probabilities of a token sum to more than 1, or the divergence is infinite.
 */
export function topKKl(options: TopKKlOptions): TopKKl {
  const { logProbs, referenceLogProbs, k, direction = 'reverse', mask, minimumTail = 1e-6 } = options;
  const tokens = requireRows({ logProbs, referenceLogProbs, width: k, mask });
  if (!(minimumTail > 0 && minimumTail < 1)) {
    throw new RangeError(`minimumTail must be between 0 and 1, found ${minimumTail}`);
  }
  const kl = new Float64Array(tokens);
  const gradient = new Float64Array(logProbs.length);
  const tails = new Float64Array(tokens);
  const referenceTails = new Float64Array(tokens);
  for (let token = 0; token < tokens; token++) {
    if (mask !== undefined && mask[token] !== 1) continue;
    const start = token * k;
    const left = tailOf(logProbs, start, k);
    const tail = Math.max(minimumTail, left);
    const referenceTail = Math.max(minimumTail, tailOf(referenceLogProbs, start, k));
    const bucket = klTerm(Math.log(tail), Math.log(referenceTail), direction);
    // The tail's probability is 1 − Σ q, so each q takes from it; a tail at its least does not move.
    const perProbability = left < minimumTail ? 0 : bucket.slope / tail;
    let sum = bucket.value;
    for (let index = start; index < start + k; index++) {
      const logQ = logProbs[index] as number;
      const { value, slope } = klTerm(logQ, referenceLogProbs[index] as number, direction);
      sum += value;
      gradient[index] = slope - Math.exp(logQ) * perProbability;
    }
    if (sum === Number.POSITIVE_INFINITY) {
      throw new RangeError(`token ${token}: the KL is infinite, as one model excludes a token that the other allows`);
    }
    kl[token] = sum;
    tails[token] = tail;
    referenceTails[token] = referenceTail;
  }
  return { kl, gradient, tail: tails, referenceTail: referenceTails };
}
