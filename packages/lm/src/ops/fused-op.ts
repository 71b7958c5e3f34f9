import * as tf from '@tensorflow/tfjs-core';
import { shareClones } from '../engine/share-clones.js';
import { type WasmContext, wasmContext } from '../engine/wasm-context.js';

type Inputs = Record<string, tf.TensorInfo>;
type Attributes = Record<string, number>;

/** A kernel on the wasm backend's memory. */
type WasmKernel = (options: {
  inputs: Inputs;
  attributes: Attributes;
  context: WasmContext;
}) => tf.TensorInfo | tf.TensorInfo[];

/** Reads a named input of a kernel. */
export function input(inputs: Inputs, name: string): tf.TensorInfo {
  const tensor = inputs[name];
  if (tensor === undefined) throw new TypeError(`fused op: input "${name}" is missing`);
  return tensor;
}

/** Reads a named attribute of a kernel. */
export function attribute(attributes: Attributes, name: string): number {
  const value = attributes[name];
  if (value === undefined) throw new TypeError(`fused op: attribute "${name}" is missing`);
  return value;
}

const wasmKernels = new Map<string, WasmKernel>();

/** Declares a wasm kernel; {@link registerFusedOps} hands all of them to TensorFlow.js. */
export function defineWasmKernel(name: string, kernel: WasmKernel): void {
  wasmKernels.set(name, kernel);
}

/** Registers every fused op on the wasm backend. Returns false where the backend does not show its memory. */
export function registerFusedOps(): boolean {
  if (tf.getBackend() === 'wasm') shareClones();
  const context = wasmContext();
  if (context === undefined) return false;
  for (const [kernelName, kernel] of wasmKernels) {
    if (tf.getKernel(kernelName, 'wasm')) continue;
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }) =>
        kernel({ inputs: inputs as Inputs, attributes: (attrs ?? {}) as Attributes, context }),
    });
  }
  return true;
}

/** Whether the current backend has a specialised kernel of this name; elsewhere the reference composition runs. */
export function hasFusedKernel(name: string): boolean {
  return tf.getBackend() === 'wasm' && wasmContext() !== undefined && Boolean(tf.getKernel(name, 'wasm'));
}

/** Runs a fused kernel on the tape. */
export function runFused(name: string, inputs: Record<string, tf.Tensor>, attributes: Attributes = {}): tf.Tensor[] {
  const result = tf.engine().runKernel(name, inputs, attributes as unknown as tf.NamedAttrMap) as
    | tf.Tensor
    | tf.Tensor[];
  return Array.isArray(result) ? result : [result];
}

/** The only output of a fused kernel. */
export function runFusedSingle(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: Attributes = {},
): tf.Tensor {
  const [output] = runFused(name, inputs, attributes);
  if (output === undefined) throw new TypeError(`fused op ${name} has no output`);
  return output;
}

/** The one saved tensor at a position, for gradient functions. */
export function saved(tensors: readonly tf.Tensor[], index: number): tf.Tensor {
  const tensor = tensors[index];
  if (tensor === undefined) throw new TypeError(`fused op: saved tensor ${index} is missing`);
  return tensor;
}

/** Rows and width of a tensor seen as a matrix over its last axis. */
export function matrixShape(tensor: tf.TensorInfo): { rows: number; width: number } {
  const width = tensor.shape.at(-1) ?? 1;
  const size = tensor.shape.reduce((product, dimension) => product * dimension, 1);
  return { rows: width === 0 ? 0 : size / width, width };
}

/** A mask over rows as a boolean of the shape of a matrix; made from a constant because boolean ops have no gradient. */
export function spreadMask(rows: tf.Tensor, matrix: tf.Tensor): tf.Tensor {
  return tf.logicalAnd(tf.expandDims(rows, 1), tf.ones(matrix.shape, 'bool'));
}
