import { ModelError } from '@dgpo/trajectory';
import type * as tf from '@tensorflow/tfjs-core';
import { tensor } from '@tensorflow/tfjs-core';
import type { Decoder } from './decoder.js';

/** All parameters as one vector, in the order of `decoder.parameters`. */
export function getParameters(decoder: Decoder): Promise<Float32Array> {
  return readFlat(decoder.parameters);
}

/** Sets all parameters from one vector. */
export function setParameters(decoder: Decoder, flat: Float32Array): void {
  assignFlat(decoder.parameters, flat);
}

/** Values of variables, in their order, as one vector. */
export async function readFlat(variables: ReadonlyMap<string, tf.Variable>): Promise<Float32Array> {
  const parts = await Promise.all([...variables.values()].map((variable) => variable.data()));
  return concatenate(parts as Float32Array[]);
}

/** Sets variables, in their order, from one vector. */
export function assignFlat(variables: ReadonlyMap<string, tf.Variable>, flat: Float32Array): void {
  let offset = 0;
  for (const variable of variables.values()) {
    const part = flat.subarray(offset, offset + variable.size);
    if (part.length !== variable.size) throw new ModelError('the vector of parameters is too short for this model');
    const value = tensor(part.slice(), variable.shape);
    variable.assign(value as tf.Tensor);
    value.dispose();
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
