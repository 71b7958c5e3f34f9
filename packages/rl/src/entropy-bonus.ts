import * as tf from '@tensorflow/tfjs-core';
import { keepWeighted, type LossResult, weightedSum } from './loss-result.js';

export interface EntropyBonusOptions {
  /** Of the next-token distribution, in nats; the gradient flows through it. `[batch, time]` or a list of tokens. */
  entropy: tf.Tensor;
  /** Weight of every token, 0 where it does not count, see {@link tokenWeights}. Under weight 0 anything may be NaN. */
  weights: tf.Tensor;
  /** @default 0.001 */
  coefficient?: number;
}

/** `−coefficient · Σ w · H`, to be added to the policy loss (arXiv 1707.06347, eq. 9). Metric `entropy`: `Σ w · H`. */
export function entropyBonus(options: EntropyBonusOptions): LossResult<'entropy'> {
  const { weights, coefficient = 0.001 } = options;
  const entropy = weightedSum(keepWeighted(options.entropy, tf.notEqual(weights, 0)), weights);
  return { loss: tf.mul(entropy, -coefficient) as tf.Scalar, metrics: { entropy } };
}
