import * as tf from '@tensorflow/tfjs-core';
import { clippedSurrogate } from './clipped-surrogate.js';
import { constant, keepWeighted, type LossResult, weightedShare } from './loss-result.js';
import { approximateKl, importanceWeightedSum, logRatioOf } from './policy-ratio.js';
import { segmentSums } from './segments.js';

export interface GspoLossOptions {
  /** Of the policy now; the gradient flows through it alone. All tensors have one shape, `[batch, time]` or a list of tokens. */
  logProbs: tf.Tensor;
  /** Of the policy that sampled. */
  oldLogProbs: tf.Tensor;
  /** One per token; the same all through a sequence gives GSPO, else it is GSPO-token. */
  advantages: tf.Tensor;
  /**
   * Weight of every token, 0 where it does not count, see {@link tokenWeights}; the paper's are `seq-mean-token-mean`. Under weight 0
   * anything may be NaN.
   */
  weights: tf.Tensor;
  /** Sequence of every token, row-major. A micro-batch holds whole sequences. @default the rows of `[batch, time]` */
  sequences?: ArrayLike<number>;
  /** How far the ratio of a sequence may fall below 1. @default 3e-4 */
  clipRatioLow?: number;
  /** How far it may rise above 1. @default 4e-4 */
  clipRatioHigh?: number;
  /** Factor of every token loss that no metric sees, see {@link samplerCorrection}. @default none */
  importanceWeights?: tf.Tensor;
}

/** A ratio of sequences above e¹⁰ gives no gradient, as in verl. */
const maxLogRatio = 10;

/**
 * Clipped loss with the length-normalised importance ratio of whole sequences (GSPO, arXiv 2507.18071, eq. 5 to 7; verl,
 * `compute_policy_loss_gspo`): `Σ w · max(−A·s, −A·clip(s, 1 − ε_low, 1 + ε_high))` with `s = exp(mean over the sequence of
 * log π − log π_old)`. It is the token form (eq. 13 and 14): `s_t = sg[s] · π_t / sg[π_t]`, whose value is `s` and whose gradient is that
 * of its own token. With one advantage and one weight per sequence, value and gradient are those of the sequence form.
 *
 * Metrics: `approxKl` as in {@link policyLoss}, token by token; `clipFraction`, the share of tokens in clipped sequences.
 *
 * @throws RangeError when a list of tokens comes without `sequences`, or their numbers differ.
 */
export function gspoLoss(options: GspoLossOptions): LossResult<'approxKl' | 'clipFraction'> {
  const { weights, sequences, clipRatioLow = 3e-4, clipRatioHigh = 4e-4 } = options;
  const isWeighted = tf.notEqual(weights, 0);
  const ratio = sequenceRatio(
    keepWeighted(options.logProbs, isWeighted),
    keepWeighted(options.oldLogProbs, isWeighted),
    isWeighted,
    sequences,
  );
  const costs = tf.neg(keepWeighted(constant(options.advantages), isWeighted));
  const { losses, isClipped } = clippedSurrogate({ ratio, costs, clipRatioLow, clipRatioHigh });
  const logRatio = logRatioOf(options.logProbs, options.oldLogProbs, isWeighted);
  return {
    loss: importanceWeightedSum(losses, weights, options.importanceWeights),
    metrics: {
      approxKl: approximateKl(tf.exp(logRatio), logRatio, weights),
      clipFraction: weightedShare(isClipped, weights),
    },
  };
}

function sequenceRatio(
  logProbs: tf.Tensor,
  oldLogProbs: tf.Tensor,
  isWeighted: tf.Tensor,
  sequences: ArrayLike<number> | undefined,
): tf.Tensor {
  const op = tf.customGrad((...inputs) => {
    const [current, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const lengths = segmentSums(tf.cast(isWeighted, 'float32'), sequences, 'sequences');
    const mean = tf.div(segmentSums(tf.sub(current, oldLogProbs), sequences, 'sequences'), tf.maximum(lengths, 1));
    const value = tf.exp(tf.minimum(mean, maxLogRatio));
    save([tf.where(tf.greater(mean, maxLogRatio), tf.zerosLike(value), value)]);
    return { value, gradFunc: (dy: tf.Tensor, [slope]: tf.Tensor[]) => tf.mul(dy, slope as tf.Tensor) };
  });
  return op(logProbs);
}
