import * as tf from '@tensorflow/tfjs-core';
import { constant, keepWeighted, type LossResult, weightedShare, weightedSum } from './loss-result.js';
import { segmentSums } from './segments.js';

export interface LldsLossOptions {
  /** Of the policy now; the gradient flows through it alone. All tensors have one shape, `[batch, time]` or a list of tokens. */
  logProbs: tf.Tensor;
  /** Of the policy that sampled. */
  oldLogProbs: tf.Tensor;
  advantages: tf.Tensor;
  /** Weight of every token, 0 where it does not count, see {@link tokenWeights}. Under weight 0 anything may be NaN. */
  weights: tf.Tensor;
  /**
   * Action of every token, row-major: {@link actionSegments} gives the gate per action, which the authors found best. A micro-batch
   * holds whole actions. @default the rows of `[batch, time]`, the gate per response
   */
  actions?: ArrayLike<number>;
  /** λ; the default is that of the released training script. @default 0.2 */
  coefficient?: number;
}

/**
 * What to add to the policy loss against lazy likelihood displacement, the slow loss of probability of episodes that were good, by
 * which GRPO on search agents collapses (LLDS, arXiv 2512.04220, and the actor of its released code, without answer masking):
 * `λ Σ w · g · max(0, log π_old − log π)` over tokens with advantage ≥ 0. The gate `g`, without a gradient, is 1 where the log-probability
 * of all such tokens of the action has fallen. At the first update of a batch, where the policy has not moved, it is 0.
 *
 * Metrics: `displacement`, the sum without λ; `activeFraction`, the weighted share of tokens that are held.
 *
 * @throws RangeError when a list of tokens comes without `actions`, or their numbers differ.
 */
export function lldsLoss(options: LldsLossOptions): LossResult<'displacement' | 'activeFraction'> {
  const { weights, actions, coefficient = 0.2 } = options;
  const isWeighted = tf.notEqual(weights, 0);
  const advantages = keepWeighted(constant(options.advantages), isWeighted);
  const isPreserved = tf.logicalAnd(isWeighted, tf.greaterEqual(advantages, 0));
  const oldLogProbs = keepWeighted(constant(options.oldLogProbs), isPreserved);
  const displaced = (logProbs: tf.Tensor) => {
    const decreases = tf.sub(oldLogProbs, logProbs);
    const gate = tf.greater(segmentSums(decreases, actions, 'actions'), 0);
    return { decreases, isHeld: tf.logicalAnd(gate, tf.greater(decreases, 0)) };
  };
  const penalties = tf.customGrad((...inputs) => {
    const [logProbs, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const { decreases, isHeld } = displaced(logProbs);
    save([tf.neg(tf.cast(isHeld, 'float32'))]);
    return {
      value: keepWeighted(decreases, isHeld),
      gradFunc: (dy: tf.Tensor, [slope]: tf.Tensor[]) => tf.mul(dy, slope as tf.Tensor),
    };
  });
  const logProbs = keepWeighted(options.logProbs, isPreserved);
  const displacement = weightedSum(penalties(logProbs), weights);
  return {
    loss: tf.mul(displacement, coefficient) as tf.Scalar,
    metrics: { displacement, activeFraction: weightedShare(displaced(logProbs).isHeld, weights) },
  };
}
