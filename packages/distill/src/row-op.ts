import * as tf from '@tensorflow/tfjs-core';

/** Values of rows of logits, `[n]` each, and the derivative `[n, vocabulary]` that they share. */
export interface RowValues {
  values: tf.Tensor[];
  gradient: tf.Tensor;
}

/**
 * An op from logits to values per row with an analytic gradient, of which that matrix alone is kept for the backward pass.
 *
 * @param options.mask rows with 0 give 0 and no gradient, even if they or what is above are NaN
 * @returns `[outputs, n]`
 */
export function rowOp(options: {
  logits: tf.Tensor2D;
  mask: tf.Tensor1D | undefined;
  compute: (logits: tf.Tensor) => RowValues;
}): tf.Tensor {
  const { mask, compute } = options;
  const op = tf.customGrad((...inputs) => {
    const [logits, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const { values, gradient } = compute(logits);
    const value = tf.stack(values);
    if (mask === undefined) {
      save([gradient]);
    } else save([gradient, mask]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [slope, rows] = saved as [tf.Tensor, tf.Tensor | undefined];
      const upstream = tf.expandDims(tf.sum(dy, 0), 1);
      const product = tf.mul(slope, upstream);
      if (rows === undefined) return product;
      // Spread by a product: stock wasm ops spread booleans ten times slower.
      const isReal = tf.notEqual(tf.mul(tf.onesLike(slope), tf.expandDims(rows, 1)), 0);
      return tf.where(isReal, product, tf.zerosLike(product));
    };
    if (mask === undefined) return { value, gradFunc };
    const isReal = tf.logicalAnd(tf.expandDims(tf.notEqual(mask, 0), 0), tf.ones(value.shape, 'bool'));
    return { value: tf.where(isReal, value, tf.zerosLike(value)), gradFunc };
  });
  return op(options.logits);
}
