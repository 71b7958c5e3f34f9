import * as tf from '@tensorflow/tfjs-core';
import type { Grid } from './grid.js';

/**
 * Numbers the actions of a batch: every run of consecutive policy tokens in a row is one, as what the environment returned stands
 * between two of them.
 *
 * @param options.policyMask 1 where the policy sampled the token
 * @returns one entry per token, row-major: the number of its action, counted over the whole batch, or −1 outside the mask
 */
export function actionSegments(options: { policyMask: Grid }): Int32Array {
  const { data, shape } = options.policyMask;
  const time = shape[1];
  let count = 0;
  return Int32Array.from(data, (value, index) => {
    if (value !== 1) return -1;
    if (index % time === 0 || data[index - 1] !== 1) count += 1;
    return count - 1;
  });
}

/**
 * The sum over its segment, at every token; 0 in no segment (a negative number). Not for the gradient: call it inside `customGrad`.
 *
 * @param segments one number per token, row-major; without them the rows of a `[batch, time]` tensor
 * @throws RangeError when a list of tokens comes without segments, or their numbers differ.
 */
export function segmentSums(values: tf.Tensor, segments: ArrayLike<number> | undefined, name: string): tf.Tensor {
  if (segments === undefined) {
    if (values.rank !== 2)
      throw new RangeError(`tensors of rank ${values.rank} need \`${name}\`, one number per token`);
    return tf.add(tf.zerosLike(values), tf.sum(values, 1, true));
  }
  if (segments.length !== values.size) {
    throw new RangeError(`${name} has ${segments.length} entries for ${values.size} tokens`);
  }
  // A matrix of zeros and ones instead of a segment sum, which the wasm backend lacks. Its zeros do not survive an infinity.
  const finite = tf.clipByValue(tf.reshape(values, [-1, 1]), -1e6, 1e6);
  const members = tf.tensor2d(...membership(segments));
  return tf.reshape(tf.matMul(members, tf.matMul(members, finite), true), values.shape);
}

function membership(segments: ArrayLike<number>): [Float32Array, [number, number]] {
  const tokens = Array.from(segments);
  const rows = new Map([...new Set(tokens.filter((segment) => segment >= 0))].map((segment, row) => [segment, row]));
  const data = new Float32Array(rows.size * tokens.length);
  tokens.forEach((segment, token) => {
    const row = rows.get(segment);
    if (row !== undefined) data[row * tokens.length + token] = 1;
  });
  return [data, [rows.size, tokens.length]];
}
