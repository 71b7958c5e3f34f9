import * as tf from '@tensorflow/tfjs-core';
import { saved } from './fused-op.js';

const cubic = 0.044715;
const rate = Math.sqrt(2 / Math.PI);

/** `tanh(√(2/π) · (x + 0.044715 x³))` */
const tanhPart = (x: tf.Tensor) => tf.tanh(tf.mul(tf.mul(x, tf.add(tf.mul(tf.square(x), cubic), 1)), rate));

/** `2Φ(x) - 1` with the normal distribution function Φ */
const erfPart = (x: tf.Tensor) => tf.erf(tf.mul(x, Math.SQRT1_2));

/** Both forms are `x · (1 + part(x)) / 2`; the tape keeps the input alone. */
function gate(options: {
  x: tf.Tensor;
  part: (x: tf.Tensor) => tf.Tensor;
  slope: (x: tf.Tensor, part: tf.Tensor) => tf.Tensor;
}): tf.Tensor {
  const { part, slope } = options;
  const compute = tf.customGrad((...inputs) => {
    const save = inputs.pop() as unknown as tf.GradSaveFunc;
    const [x] = inputs as [tf.Tensor];
    save([x]);
    return {
      value: tf.mul(tf.mul(x, 0.5), tf.add(part(x), 1)),
      gradFunc: (dy: tf.Tensor, tensors: tf.Tensor[]) => {
        const input = saved(tensors, 0);
        const value = part(input);
        return tf.mul(dy, tf.mul(tf.add(tf.add(value, 1), tf.mul(input, slope(input, value))), 0.5));
      },
    };
  });
  return compute(options.x);
}

/**
 * Gaussian error linear unit `x · Φ(x)` (Hendrycks and Gimpel 2016, arXiv 1606.08415), from stock ops.
 *
 * @param options.x any shape
 * @param options.approximate `tanh` for the form of GPT-2 (`gelu_new` of Hugging Face), `none` for the exact one; named as in PyTorch
 * @returns the shape of `x`
 */
export function gelu({ x, approximate }: { x: tf.Tensor; approximate: 'tanh' | 'none' }): tf.Tensor {
  if (approximate === 'none') {
    // d/dx erf(x / √2) = √(2/π) · exp(-x²/2)
    return gate({ x, part: erfPart, slope: (at) => tf.mul(tf.exp(tf.mul(tf.square(at), -0.5)), rate) });
  }
  return gate({
    x,
    part: tanhPart,
    slope: (at, tanh) => tf.mul(tf.sub(1, tf.square(tanh)), tf.mul(tf.add(tf.mul(tf.square(at), 3 * cubic), 1), rate)),
  });
}
