import * as tf from '@tensorflow/tfjs-core';
import { attribute, defineWasmKernel, hasFusedKernel, input, matrixShape, runFused, saved } from './fused-op.js';

defineWasmKernel('DgpoRmsNorm', ({ inputs, attributes, context }) => {
  const x = input(inputs, 'x');
  const weight = input(inputs, 'weight');
  const { rows, width } = matrixShape(x);
  const y = context.output([...x.shape]);
  const inverseRms = context.output([rows]);
  context.kernels.rmsNorm(
    rows,
    width,
    context.pointer(x),
    context.pointer(weight),
    attribute(attributes, 'epsilon'),
    context.pointer(y),
    context.pointer(inverseRms),
  );
  return [y, inverseRms];
});

defineWasmKernel('DgpoRmsNormGradient', ({ inputs, context }) => {
  const x = input(inputs, 'x');
  const weight = input(inputs, 'weight');
  const { rows, width } = matrixShape(x);
  const dx = context.output([...x.shape]);
  const dWeight = context.output([width]);
  context.kernels.rmsNormGradient(
    rows,
    width,
    context.pointer(x),
    context.pointer(weight),
    context.pointer(input(inputs, 'inverseRms')),
    context.pointer(input(inputs, 'gradient')),
    context.pointer(dx),
    context.pointer(dWeight),
  );
  return [dx, dWeight];
});

tf.registerGradient({
  kernelName: 'DgpoRmsNorm',
  inputsToSave: ['x', 'weight'],
  outputsToSave: [false, true],
  gradFunc: (dy, savedTensors) => {
    const gradients = runFused('DgpoRmsNormGradient', {
      x: saved(savedTensors, 0),
      weight: saved(savedTensors, 1),
      inverseRms: saved(savedTensors, 2),
      gradient: saved(dy as tf.Tensor[], 0),
    });
    return { x: () => saved(gradients, 0), weight: () => saved(gradients, 1) };
  },
});

/** The same from stock ops, for every backend. */
export function rmsNormReference(options: { x: tf.Tensor; weight: tf.Tensor; epsilon: number }): tf.Tensor {
  const { x, weight, epsilon } = options;
  const meanSquare = tf.mean(tf.square(x), -1, true);
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), weight);
}

/**
 * Root-mean-square normalisation over the last axis (Zhang and Sennrich 2019, arXiv 1910.07467).
 *
 * @param options.x `[..., width]`
 * @param options.weight `[width]`
 * @returns `[..., width]`
 */
export function rmsNorm(options: { x: tf.Tensor; weight: tf.Tensor; epsilon: number }): tf.Tensor {
  if (!hasFusedKernel('DgpoRmsNorm')) return rmsNormReference(options);
  return saved(runFused('DgpoRmsNorm', { x: options.x, weight: options.weight }, { epsilon: options.epsilon }), 0);
}
