import * as tf from '@tensorflow/tfjs-core';
import { saved } from './fused-op.js';

/** Whether the gradient of a weight may be asked for: that of a frozen variable is not worth a product over the vocabulary. */
export const isTrainable = (weight: tf.Tensor): boolean => !(weight instanceof tf.Variable) || weight.trainable;

/**
 * Gradients of a kernel over the vocabulary that makes those of hidden states and, where it is told to, of the weight in one go.
 *
 * @param options.run the kernel; its second output is there if `weightGradient` is 1
 * @param options.weightGradient whether the weight is trained; it has a gradient either way, only not for free
 */
export function vocabularyGradients(options: {
  run: (weightGradient: number) => tf.Tensor[];
  weightGradient: number;
}): { hidden: () => tf.Tensor; weight: () => tf.Tensor } {
  const { run, weightGradient } = options;
  const gradients = run(weightGradient);
  return { hidden: () => saved(gradients, 0), weight: () => gradients[1] ?? saved(run(1), 1) };
}
