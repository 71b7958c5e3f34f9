import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { wasmContext } from '../engine/wasm-context.js';
import { type Decoder, requireUnshared } from './decoder.js';

/** All parameters as one vector, in the order of `decoder.parameters`. */
export function getParameters(decoder: Decoder): Promise<Float32Array> {
  return readFlat(decoder.parameters);
}

/**
 * Sets all parameters from one vector.
 *
 * @throws ModelError for a vector of another size, and where other decoders run on the parameters
 */
export function setParameters(decoder: Decoder, flat: Float32Array): void {
  requireUnshared(decoder);
  assignFlat(decoder.parameters, flat);
}

/** Values of variables, in their order, as one vector. */
export function readFlat(variables: ReadonlyMap<string, tf.Variable>): Promise<Float32Array> {
  return flatValues([...variables.values()].map((variable) => ({ size: variable.size, tensor: variable })));
}

const heap = () => (tf.getBackend() === 'wasm' ? wasmContext() : undefined);

/**
 * Values of tensors one after the other; zeros stand for one that is missing.
 *
 * @param into is filled and returned. @default a new vector
 */
export async function flatValues(
  parts: readonly { size: number; tensor: tf.Tensor | undefined }[],
  into?: Float32Array,
): Promise<Float32Array> {
  const result = into ?? new Float32Array(parts.reduce((total, { size }) => total + size, 0));
  const context = heap();
  let offset = 0;
  for (const { size, tensor } of parts) {
    if (tensor === undefined) result.fill(0, offset, offset + size);
    // From the heap itself: reading a tensor makes a copy first.
    else if (context !== undefined) result.set(context.floats(context.pointer(tensor), size), offset);
    else result.set((await tensor.data()) as Float32Array, offset);
    offset += size;
  }
  return result;
}

/** Sets variables, in their order, from one vector. */
export function assignFlat(variables: ReadonlyMap<string, tf.Variable>, flat: Float32Array): void {
  const context = heap();
  let offset = 0;
  for (const variable of variables.values()) {
    const part = flat.subarray(offset, offset + variable.size);
    if (part.length !== variable.size) throw new ModelError('the vector of parameters is too short for this model');
    if (context === undefined) {
      const value = tf.tensor(part.slice(), variable.shape);
      variable.assign(value as tf.Tensor);
      value.dispose();
    } else context.floats(context.pointer(variable), variable.size).set(part);
    offset += variable.size;
  }
  if (offset !== flat.length) throw new ModelError('the vector of parameters is too long for this model');
}

/** Joins vectors. */
export function concatenate(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
