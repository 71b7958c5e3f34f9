import * as tf from '@tensorflow/tfjs-core';
import { defineWasmKernel, hasFusedKernel, input, matrixShape, runFusedSingle, saved } from './fused-op.js';

defineWasmKernel('DgpoSwiglu', ({ inputs, context }) => {
  const gateUp = input(inputs, 'gateUp');
  const { rows, width } = matrixShape(gateUp);
  const y = context.output([...gateUp.shape.slice(0, -1), width / 2]);
  context.kernels.swiglu(rows, width / 2, context.pointer(gateUp), context.pointer(y));
  return y;
});

defineWasmKernel('DgpoSwigluGradient', ({ inputs, context }) => {
  const gateUp = input(inputs, 'gateUp');
  const { rows, width } = matrixShape(gateUp);
  const dGateUp = context.output([...gateUp.shape]);
  context.kernels.swigluGradient(
    rows,
    width / 2,
    context.pointer(gateUp),
    context.pointer(input(inputs, 'gradient')),
    context.pointer(dGateUp),
  );
  return dGateUp;
});

tf.registerGradient({
  kernelName: 'DgpoSwiglu',
  inputsToSave: ['gateUp'],
  gradFunc: (dy, savedTensors) => ({
    gateUp: () => runFusedSingle('DgpoSwigluGradient', { gateUp: saved(savedTensors, 0), gradient: dy as tf.Tensor }),
  }),
});

/** The same from stock ops, for every backend. */
export function swigluReference({ gateUp }: { gateUp: tf.Tensor }): tf.Tensor {
  const [gate, up] = tf.split(gateUp, 2, -1) as [tf.Tensor, tf.Tensor];
  return tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);
}

/**
 * `silu(gate) * up` (Shazeer 2020, arXiv 2002.05202).
 *
 * @param options.gateUp `[..., 2 * width]`, gate first
 * @returns `[..., width]`
 */
export function swiglu(options: { gateUp: tf.Tensor }): tf.Tensor {
  return hasFusedKernel('DgpoSwiglu')
    ? runFusedSingle('DgpoSwiglu', { gateUp: options.gateUp })
    : swigluReference(options);
}
