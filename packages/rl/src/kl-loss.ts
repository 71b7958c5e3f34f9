import * as tf from '@tensorflow/tfjs-core';
import { checkKlForm } from './kl-form.js';
import { keepWeighted, type LossResult, weightedSum } from './loss-result.js';
import { K3_LIMIT, type KlDirection, type KlEstimator, LOG_RATIO_LIMIT } from './token-kl.js';

export interface KlLossOptions {
  /** Of the sampled tokens under the policy now; the gradient flows through it alone. `[batch, time]` or a list of tokens. */
  logProbs: tf.Tensor;
  /** Of the same tokens under the reference: the teacher, or the policy of the start. */
  referenceLogProbs: tf.Tensor;
  /**
   * Weight of every token, see {@link tokenWeights}, behind a gate {@link gateWeights}: `token-mean` averages over tokens,
   * `seq-mean-token-sum` adds them up per episode. Under weight 0 anything may be NaN.
   */
  weights: tf.Tensor;
  /** @default 'k2' */
  estimator?: KlEstimator;
  /** @default 'reverse' */
  direction?: KlDirection;
  /**
   * Multiplies every estimate by `π / π_old` and differentiates the product, which makes the gradient of k1 and k3 that of the KL, also
   * after the policy has moved from the one that sampled. @default false
   */
  importanceWeighted?: boolean;
  /** Under the policy that sampled, for `importanceWeighted`. @default logProbs, a ratio of 1: right at the first update */
  oldLogProbs?: tf.Tensor;
  /** Allows a form with another gradient than the KL asked for, such as plain k3 (`kl_loss_type: low_var_kl` of verl). @default false */
  biased?: boolean;
  /** β. @default 1 */
  coefficient?: number;
}

/** `slope`: derivative of `value` by the log-probability. */
interface Estimate {
  value: tf.Tensor;
  slope: tf.Tensor;
}

/** As {@link tokenKl}. */
function estimate(x: tf.Tensor, estimator: KlEstimator, direction: KlDirection): Estimate {
  if (estimator === 'k2') return { value: tf.mul(tf.square(x), 0.5), slope: x };
  if (estimator === 'abs') return { value: tf.abs(x), slope: tf.sign(x) };
  if (estimator === 'k1' && direction === 'reverse') return { value: x, slope: tf.onesLike(x) };
  const held = tf.clipByValue(x, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT);
  const moves = tf.cast(tf.equal(held, x), 'float32');
  const w = tf.exp(tf.neg(held));
  // e^−x − 1, where the plain difference would lose small x to rounding.
  const wMinusOne = tf.expm1(tf.neg(held));
  if (direction === 'reverse') return { value: tf.add(wMinusOne, held), slope: tf.neg(tf.mul(moves, wMinusOne)) };
  const wX = tf.mul(w, held);
  if (estimator === 'k1') return { value: tf.neg(wX), slope: tf.mul(moves, tf.sub(wX, w)) };
  return { value: tf.neg(tf.add(wMinusOne, wX)), slope: tf.mul(moves, wX) };
}

function clampK3({ value, slope }: Estimate): Estimate {
  const isWithin = tf.cast(tf.lessEqual(value, K3_LIMIT), 'float32');
  return { value: tf.minimum(value, K3_LIMIT), slope: tf.mul(slope, isWithin) };
}

function weighted({ value, slope }: Estimate, logRatio: tf.Tensor): Estimate {
  const held = tf.clipByValue(logRatio, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT);
  const ratio = tf.exp(held);
  const moves = tf.cast(tf.equal(held, logRatio), 'float32');
  return { value: tf.mul(ratio, value), slope: tf.mul(ratio, tf.add(slope, tf.mul(moves, value))) };
}

/**
 * KL of the policy and a reference as a loss over sampled tokens, `coefficient · Σ w · estimate`. Its expected gradient is that of the KL,
 * or the form is refused: `k2` for the reverse KL while the policy is the one that sampled; `k1` and `k3` with `importanceWeighted` for
 * both directions, also later. See {@link klFormGradient} for which gradient every form has, and {@link tokenKl} for the same in float64.
 * Metric `kl`: the weighted sum of the estimates, without the coefficient.
 *
 * @throws ConfigError for a form with the gradient of something else that is not marked `biased`.
 */
export function klLoss(options: KlLossOptions): LossResult<'kl'> {
  const { estimator = 'k2', direction = 'reverse', importanceWeighted = false, biased = false } = options;
  const { weights, coefficient = 1 } = options;
  checkKlForm({ estimator, direction, form: 'loss', importanceWeighted, biased });
  const isWeighted = tf.notEqual(weights, 0);
  const reference = keepWeighted(options.referenceLogProbs, isWeighted);
  const old = options.oldLogProbs === undefined ? undefined : keepWeighted(options.oldLogProbs, isWeighted);
  const logProbs = keepWeighted(options.logProbs, isWeighted);

  const op = tf.customGrad((...inputs) => {
    const [x, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const plain = estimate(tf.sub(x, reference), estimator, direction);
    const { value, slope } = importanceWeighted
      ? weighted(plain, tf.sub(x, old ?? x))
      : estimator === 'k3' && direction === 'reverse'
        ? clampK3(plain)
        : plain;
    save([slope]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, saved[0] as tf.Tensor);
    return { value, gradFunc };
  });
  const kl = weightedSum(op(logProbs), weights);
  return { loss: tf.mul(kl, coefficient) as tf.Scalar, metrics: { kl } };
}
