import * as tf from '@tensorflow/tfjs-core';
import { matrixShape, saved } from './fused-op.js';
import { rowSum } from './row-sum.js';

/**
 * Layer normalisation over the last axis: `(x - mean) / √(variance + epsilon) · weight + bias` (Ba et al. 2016, arXiv 1607.06450), from
 * stock ops. The tape keeps the input and two numbers a row.
 *
 * @param options.x `[..., width]`
 * @param options.weight `[width]`
 * @param options.bias `[width]`
 * @returns `[..., width]`
 */
export function layerNorm(options: { x: tf.Tensor; weight: tf.Tensor; bias: tf.Tensor; epsilon: number }): tf.Tensor {
  const { epsilon } = options;
  const { rows, width } = matrixShape(options.x);
  const compute = tf.customGrad((...inputs) => {
    const save = inputs.pop() as unknown as tf.GradSaveFunc;
    const [x, weight, bias] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
    const mean = tf.mean(x, -1, true);
    const centred = tf.sub(x, mean);
    const inverseDeviation = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
    save([x, weight, mean, inverseDeviation]);
    return {
      value: tf.add(tf.mul(tf.mul(centred, inverseDeviation), weight), bias),
      gradFunc: (dy: tf.Tensor, tensors: tf.Tensor[]) => {
        const inverse = saved(tensors, 3);
        const normalized = tf.mul(tf.sub(saved(tensors, 0), saved(tensors, 2)), inverse);
        const dNormalized = tf.mul(dy, saved(tensors, 1));
        const along = tf.mean(tf.mul(dNormalized, normalized), -1, true);
        const across = tf.sub(tf.sub(dNormalized, tf.mean(dNormalized, -1, true)), tf.mul(normalized, along));
        return [tf.mul(across, inverse), rowSum(tf.mul(dy, normalized)), rowSum(dy)];
      },
    };
  });
  const y = compute(tf.reshape(options.x, [rows, width]), options.weight, options.bias);
  return tf.reshape(y, [...options.x.shape]);
}
