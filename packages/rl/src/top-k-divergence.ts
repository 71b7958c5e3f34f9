import * as tf from '@tensorflow/tfjs-core';
import type { KlDirection } from './token-kl.js';

export interface TopKDivergenceOptions {
  /** `[n, vocabulary]`; the gradient flows here alone. */
  studentLogits: tf.Tensor2D;
  /** int32 `[n, k]`: the teacher's most likely tokens, distinct in a row; -1 where a row has fewer. */
  topIds: tf.Tensor2D;
  /** `[n, k]`: what the teacher gives them, normalised over the whole vocabulary; anything where the id is -1. */
  topLogProbs: tf.Tensor2D;
  /** @default 'reverse' */
  direction?: KlDirection;
  /** `[n]`: rows with 0 give 0 and no gradient, even if they are NaN. @default all 1 */
  mask?: tf.Tensor1D | undefined;
  /** Divides the student's logits; that of the teacher is in its log-probabilities. @default 1 */
  temperature?: number;
  /** Least probability of the tail bucket; what rounding leaves of `1 − Σ` is meaningless below. @default 1e-6 */
  minimumTail?: number;
}

/** `from·(log from − log to)`, where 0·log 0 is 0. */
function klTerm(from: tf.Tensor, logFrom: tf.Tensor, logTo: tf.Tensor): tf.Tensor {
  const isOut = tf.equal(logFrom, Number.NEGATIVE_INFINITY);
  return tf.where(isOut, tf.zerosLike(from), tf.mul(from, tf.sub(logFrom, logTo)));
}

/** Per class: what it adds to the KL, and the derivative of that by its log-probability. */
function terms(logQ: tf.Tensor, logP: tf.Tensor, direction: KlDirection): { value: tf.Tensor; slope: tf.Tensor } {
  if (direction === 'reverse') {
    const q = tf.exp(logQ);
    const value = klTerm(q, logQ, logP);
    return { value, slope: tf.add(value, q) };
  }
  const p = tf.exp(logP);
  return { value: klTerm(p, logP, logQ), slope: tf.neg(p) };
}

/** `1 − Σ p` per row; with the greatest p as `1 − p` from its logarithm, which float32 holds better than p where that is near 1. */
function leftOf(logP: tf.Tensor): tf.Tensor {
  const greatest = tf.max(logP, 1, true);
  const isGreatest = tf.cast(tf.equal(logP, greatest), 'float32');
  const others = tf.sum(tf.mul(tf.exp(logP), tf.sub(1, isGreatest)), 1, true);
  const ties = tf.mul(tf.sub(tf.sum(isGreatest, 1, true), 1), tf.exp(greatest));
  return tf.sub(tf.neg(tf.expm1(greatest)), tf.add(others, ties));
}

type Settings = Required<Pick<TopKDivergenceOptions, 'direction' | 'temperature' | 'minimumTail'>>;

function computeRows(
  inputs: { logits: tf.Tensor; ids: tf.Tensor; logProbs: tf.Tensor },
  { direction, temperature, minimumTail }: Settings,
): { value: tf.Tensor; gradient: tf.Tensor } {
  const { logits, ids, logProbs: topLogProbs } = inputs;
  const [rows, vocabulary] = logits.shape as [number, number];
  const k = ids.shape[1] as number;
  const size = rows * vocabulary;
  const isGiven = tf.greaterEqual(ids, 0);
  const logP = tf.where(isGiven, topLogProbs, tf.fill(topLogProbs.shape, Number.NEGATIVE_INFINITY));
  const starts = tf.tile(tf.expandDims(tf.range(0, size, Math.max(1, vocabulary), 'int32'), 1), [1, k]);
  const at = tf.reshape(tf.add(starts, tf.where(isGiven, ids, tf.zerosLike(ids))), [-1]);
  const spread = (values: tf.Tensor) =>
    tf.reshape(tf.scatterND(tf.expandDims(at, 1) as tf.Tensor2D, tf.reshape(values, [-1]), [size]), [rows, vocabulary]);

  const z = temperature === 1 ? logits : tf.div(logits, temperature);
  const logQAll = tf.logSoftmax(z);
  const q = tf.exp(logQAll);
  const chosen = tf.reshape(tf.gather(tf.reshape(logQAll, [-1]), at), [rows, k]);
  const logQ = tf.where(isGiven, chosen, tf.fill(chosen.shape, Number.NEGATIVE_INFINITY));
  // Not 1 − Σ: where the k tokens hold nearly everything, rounding would be all that is left.
  const isTail = tf.sub(1, spread(tf.cast(isGiven, 'float32')));
  const left = tf.sum(tf.mul(q, isTail), 1, true);
  const teacherLeft = leftOf(logP);
  const tail = tf.maximum(left, minimumTail);
  const bucket = terms(tf.log(tail), tf.log(tf.maximum(teacherLeft, minimumTail)), direction);
  const top = terms(logQ, logP, direction);

  const isHeld = tf.less(left, minimumTail);
  const tailSlope = tf.where(isHeld, tf.zerosLike(left), bucket.slope);
  const slopeSum = tf.add(tf.sum(top.slope, 1, true), tailSlope);
  // Through the softmax: slope − q·Σ slope, where that of the bucket is shared out by the student's own probabilities.
  const perEntry = tf.sub(tf.mul(isTail, tf.div(tailSlope, tail)), slopeSum);
  const gradient = tf.add(tf.mul(q, perEntry), spread(tf.where(isGiven, top.slope, tf.zerosLike(top.slope))));
  return {
    value: tf.add(tf.sum(top.value, 1), tf.squeeze(bucket.value, [1])),
    gradient: temperature === 1 ? gradient : tf.div(gradient, temperature),
  };
}

function requireTopK(options: TopKDivergenceOptions): void {
  const { studentLogits, topIds, topLogProbs, mask, temperature = 1, minimumTail = 1e-6 } = options;
  const [rows, vocabulary] = studentLogits.shape;
  const [count, k] = topIds.shape;
  if (topIds.dtype !== 'int32') throw new RangeError(`topIds must be int32, found ${topIds.dtype}`);
  if (count !== rows || topLogProbs.shape.join() !== topIds.shape.join()) {
    throw new RangeError(
      `topIds [${topIds.shape.join(', ')}] and topLogProbs [${topLogProbs.shape.join(', ')}] must both be [${rows}, k]`,
    );
  }
  if (!(k > 0 && k <= vocabulary))
    throw new RangeError(`k must be from 1 to the vocabulary of ${vocabulary}, found ${k}`);
  if (mask !== undefined && mask.shape[0] !== rows) {
    throw new RangeError(`mask has ${mask.shape[0]} values for ${rows} rows`);
  }
  if (!(temperature > 0)) throw new RangeError(`temperature must be above 0, found ${temperature}`);
  if (!(minimumTail > 0 && minimumTail < 1)) {
    throw new RangeError(`minimumTail must be between 0 and 1, found ${minimumTail}`);
  }
}

/**
 * The KL over k + 1 classes, the teacher's top k and one bucket for all others, as tensors with an analytic gradient to the student's
 * logits: {@link topKKl} in float32. For losses against teachers that give only their top k; rows do not know of each other, so
 * `vocabularyLoss` of @dgpo/lm computes it straight from hidden states. What {@link topKKl} refuses is not looked for here: ids outside
 * the vocabulary are undefined, and where one model excludes a token that the other one allows the value is infinite. What the teacher
 * leaves to the tail is known to about 1e-7 in float32.
 *
 * @returns `[n]`, in nats
 * @throws RangeError when the shapes do not fit or a parameter is out of range.
 */
export function topKDivergence(options: TopKDivergenceOptions): tf.Tensor1D {
  requireTopK(options);
  const { topIds, topLogProbs, mask, direction = 'reverse', temperature = 1, minimumTail = 1e-6 } = options;
  const op = tf.customGrad((...inputs) => {
    const [logits, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const isReal = tf.notEqual(mask ?? tf.ones([logits.shape[0] as number]), 0);
    const spread = (matrix: tf.Tensor) =>
      tf.tile(tf.expandDims(tf.cast(isReal, 'int32'), 1), [1, matrix.shape[1] as number]);
    const ids = tf.where(tf.cast(spread(topIds), 'bool'), topIds, tf.fill(topIds.shape, -1, 'int32'));
    const rows = { logits, ids, logProbs: topLogProbs };
    const { value, gradient } = computeRows(rows, { direction, temperature, minimumTail });
    save(mask === undefined ? [gradient] : [gradient, tf.cast(spread(gradient), 'bool')]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [slope, isKept] = saved as [tf.Tensor, tf.Tensor | undefined];
      const product = tf.mul(slope, tf.expandDims(dy, 1));
      return isKept === undefined ? product : tf.where(isKept, product, tf.zerosLike(product));
    };
    return { value: tf.where(isReal, value, tf.zerosLike(value)), gradFunc };
  });
  return op(options.studentLogits) as tf.Tensor1D;
}
