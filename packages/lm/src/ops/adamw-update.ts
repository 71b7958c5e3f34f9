import * as tf from '@tensorflow/tfjs-core';
import { wasmContext } from '../engine/wasm-context.js';

export interface AdamWCoefficients {
  learningRate: number;
  /** @default 0.9 */
  beta1?: number;
  /** @default 0.95 */
  beta2?: number;
  /** @default 1e-8 */
  epsilon?: number;
  /** Number of this update, from 1; for the bias corrections. */
  step: number;
  /** The gradient is multiplied by it first: global-norm clipping. @default 1 */
  gradientScale?: number;
}

export interface AdamWTensors {
  /** `[n]` */
  parameters: tf.Tensor1D;
  gradients: tf.Tensor1D;
  firstMoment: tf.Tensor1D;
  secondMoment: tf.Tensor1D;
}

export type AdamWResult = {
  parameters: tf.Tensor1D;
  firstMoment: tf.Tensor1D;
  secondMoment: tf.Tensor1D;
};

/** Runs of equal weight decay: the matrices and the rest of a model alternate. */
export interface DecayRun {
  start: number;
  count: number;
  weightDecay: number;
}

/** AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2) from stock ops, for every backend. */
export function adamWReference(
  tensors: AdamWTensors,
  coefficients: AdamWCoefficients,
  decayRuns: readonly DecayRun[],
): AdamWResult {
  const { learningRate, beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, step, gradientScale = 1 } = coefficients;
  return tf.tidy(() => {
    const gradient = tf.mul(tensors.gradients, gradientScale);
    const firstMoment = tf.add(tf.mul(tensors.firstMoment, beta1), tf.mul(gradient, 1 - beta1));
    const secondMoment = tf.add(tf.mul(tensors.secondMoment, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const corrected = tf.div(firstMoment, 1 - beta1 ** step);
    const scale = tf.add(tf.sqrt(tf.div(secondMoment, 1 - beta2 ** step)), epsilon);
    const kept = decayRuns.map(({ count, weightDecay }) => tf.fill([count], 1 - weightDecay * learningRate));
    const decayed = tf.mul(tensors.parameters, kept.length === 1 ? (kept[0] as tf.Tensor) : tf.concat(kept));
    const parameters = tf.sub(decayed, tf.mul(tf.div(corrected, scale), learningRate));
    return { parameters, firstMoment, secondMoment } as AdamWResult;
  });
}

/**
 * The same in place on the wasm backend: the tensors given are overwritten and returned. Elsewhere new tensors are returned and
 * the caller disposes the old ones.
 */
export function adamWUpdate(
  tensors: AdamWTensors,
  coefficients: AdamWCoefficients,
  decayRuns: readonly DecayRun[],
): AdamWResult {
  const context = tf.getBackend() === 'wasm' ? wasmContext() : undefined;
  if (context === undefined) return adamWReference(tensors, coefficients, decayRuns);
  const { learningRate, beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, step, gradientScale = 1 } = coefficients;
  const at = (tensor: tf.Tensor, start: number) => context.pointer(tensor) + start * 4;
  for (const { start, count, weightDecay } of decayRuns) {
    context.kernels.adamW(
      count,
      at(tensors.parameters, start),
      at(tensors.gradients, start),
      at(tensors.firstMoment, start),
      at(tensors.secondMoment, start),
      learningRate,
      beta1,
      beta2,
      epsilon,
      weightDecay,
      1 - beta1 ** step,
      1 - beta2 ** step,
      gradientScale,
    );
  }
  const { parameters, firstMoment, secondMoment } = tensors;
  return { parameters, firstMoment, secondMoment };
}
