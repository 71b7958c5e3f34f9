import * as tf from '@tensorflow/tfjs-core';
import { matrixShape } from './fused-op.js';
import { rmsNorm } from './rms-norm.js';

/**
 * RMSNorm over every head of queries and of keys; values stay as they are (Qwen3, arXiv 2505.09388; after Dehghani et al. 2023,
 * arXiv 2302.05442).
 *
 * @param options.queryKeyValue `[tokens, (heads + 2 * keyValueHeads) * headDim]`: queries, keys, values side by side
 * @param options.queryWeight `[headDim]`
 * @param options.keyWeight `[headDim]`
 * @returns the shape of `queryKeyValue`
 */
export function headNorm(options: {
  queryKeyValue: tf.Tensor;
  queryWeight: tf.Tensor;
  keyWeight: tf.Tensor;
  heads: number;
  keyValueHeads: number;
  headDim: number;
  epsilon: number;
}): tf.Tensor {
  const { queryKeyValue, queryWeight, keyWeight, heads, keyValueHeads, headDim, epsilon } = options;
  const tokens = matrixShape(queryKeyValue).rows;
  const widths = [heads, keyValueHeads, keyValueHeads].map((count) => count * headDim);
  const [query, key, value] = tf.split(queryKeyValue, widths, -1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const normed = (x: tf.Tensor, weight: tf.Tensor) =>
    tf.reshape(rmsNorm({ x: tf.reshape(x, [-1, headDim]), weight, epsilon }), [tokens, -1]);
  return tf.concat([normed(query, queryWeight), normed(key, keyWeight), value], -1);
}
