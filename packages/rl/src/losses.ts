import * as tf from '@tensorflow/tfjs-core';

/** `x` where the weight is not 0, else 0: what is masked may be NaN. */
function keep(x: tf.Tensor, isReal: tf.Tensor): tf.Tensor {
  return tf.where(isReal, x, tf.zerosLike(x));
}

export interface PolicyLossOptions {
  /** Of the policy now; the gradient flows through it. All tensors have one shape. */
  logProbs: tf.Tensor;
  oldLogProbs: tf.Tensor;
  advantages: tf.Tensor;
  /** Weight of every token, 0 outside the policy's; 1 / (policy tokens of the mini-batch) gives verl's `token-mean`. */
  weights: tf.Tensor;
  /** @default 0.2 */
  clipRatio?: number;
  /** Upper clip (clip-higher, arXiv 2503.14476). @default clipRatio */
  clipRatioHigh?: number;
}

export interface LossResult {
  loss: tf.Scalar;
  /** Weighted sums, without gradient. */
  metrics: Record<string, tf.Scalar>;
}

/** Clipped PPO loss `Σ w · max(−A·r, −A·clip(r))` (Schulman et al. 2017, arXiv 1707.06347, eq. 7). */
export function policyLoss(options: PolicyLossOptions): LossResult {
  const { clipRatio = 0.2, clipRatioHigh = clipRatio } = options;
  const isReal = tf.notEqual(options.weights, 0);
  const logRatio = tf.sub(keep(options.logProbs, isReal), keep(options.oldLogProbs, isReal));
  const ratio = tf.exp(logRatio);
  const advantages = keep(options.advantages, isReal);
  const plain = tf.neg(tf.mul(advantages, ratio));
  const clipped = tf.neg(tf.mul(advantages, tf.clipByValue(ratio, 1 - clipRatio, 1 + clipRatioHigh)));
  const loss = tf.sum(tf.mul(tf.maximum(plain, clipped), options.weights)) as tf.Scalar;
  const weighted = (values: tf.Tensor) => tf.sum(tf.mul(values, options.weights)) as tf.Scalar;
  return {
    loss,
    metrics: {
      approxKl: weighted(tf.sub(tf.sub(ratio, 1), logRatio)),
      clipFraction: weighted(tf.cast(tf.greater(clipped, plain), 'float32')),
    },
  };
}

export interface ValueLossOptions {
  /** Of the critic now; the gradient flows through it. All tensors have one shape. */
  values: tf.Tensor;
  oldValues: tf.Tensor;
  returns: tf.Tensor;
  /** Weight of every token, 0 outside the mask. */
  weights: tf.Tensor;
  /** How far a value may move from the old one. @default 0.5 */
  clipRange?: number;
}

/** Clipped value loss `½ Σ w · max((v − R)², (clip(v, v_old ± range) − R)²)` (verl, `compute_value_loss`). */
export function valueLoss(options: ValueLossOptions): LossResult {
  const { clipRange = 0.5 } = options;
  const isReal = tf.notEqual(options.weights, 0);
  const values = keep(options.values, isReal);
  const oldValues = keep(options.oldValues, isReal);
  const returns = keep(options.returns, isReal);
  const moved = tf.add(oldValues, tf.clipByValue(tf.sub(values, oldValues), -clipRange, clipRange));
  const plain = tf.square(tf.sub(values, returns));
  const clipped = tf.square(tf.sub(moved, returns));
  const loss = tf.mul(tf.sum(tf.mul(tf.maximum(plain, clipped), options.weights)), 0.5) as tf.Scalar;
  const clipFraction = tf.sum(tf.mul(tf.cast(tf.greater(clipped, plain), 'float32'), options.weights)) as tf.Scalar;
  return { loss, metrics: { clipFraction } };
}
