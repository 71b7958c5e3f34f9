import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, matrixShape, runFusedSingle } from './fused-op.js';

/** The sum of the rows of a matrix, `[width]`; not differentiable. */
export function rowSum(matrix: tf.Tensor): tf.Tensor {
  if (!hasFusedKernel('DgpoMatMul')) return tf.sum(matrix, 0);
  // A product with ones: the stock wasm kernel transposes the matrix before it sums over an outer axis.
  const { rows, width } = matrixShape(matrix);
  const ones = tf.ones([1, rows]);
  return tf.reshape(runFusedSingle('DgpoMatMul', { a: ones, b: matrix }, { transposeA: 0, transposeB: 0 }), [width]);
}
