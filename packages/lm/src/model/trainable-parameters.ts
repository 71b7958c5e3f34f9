import type * as tf from '@tensorflow/tfjs-core';
import type { Decoder } from './decoder.js';
import { assignFlat, readFlat } from './flat-parameters.js';
import { valueHeadName } from './parameter-shapes.js';

/**
 * What training changes, by name: the adapters and the value head of a decoder with LoRA, in the order of `loraShapes`; otherwise all
 * parameters. The parameters that shares and their base have in common are never among them.
 */
export function trainableParameters(decoder: Decoder): ReadonlyMap<string, tf.Variable> {
  const { parameters, lora, base, shares } = decoder;
  if (lora === undefined && base === undefined && shares.size === 0) return parameters;
  const adapters = lora?.parameters ?? new Map();
  const valueHead = parameters.get(valueHeadName);
  return valueHead === undefined ? adapters : new Map([...adapters, [valueHeadName, valueHead]]);
}

/** What training changes as one vector, in the order of {@link trainableParameters}. */
export function getTrainableParameters(decoder: Decoder): Promise<Float32Array> {
  return readFlat(trainableParameters(decoder));
}

/**
 * Sets what training changes from one vector.
 *
 * @throws ModelError for a vector of another size
 */
export function setTrainableParameters(decoder: Decoder, flat: Float32Array): void {
  assignFlat(trainableParameters(decoder), flat);
}
