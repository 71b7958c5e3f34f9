import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { type WasmContext, wasmContext } from '../engine/wasm-context.js';

/** Memory for parameters, to be filled before the engine computes with them. */
export interface AllocatedParameters {
  /** All values of one parameter. To be taken anew after every `await` and allocation: the engine may move its memory. */
  values(name: string): Float32Array;
  /** The filled parameters as variables, in the order of the shapes. */
  variables(): Map<string, tf.Variable>;
  /** Gives the memory back, if the parameters did not become variables. */
  dispose(): void;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

const toVariable = (make: () => tf.Tensor): tf.Variable => tf.tidy(() => tf.variable(make(), true));

/** On the heap of the wasm engine itself, so that no second copy exists. */
function allocateOnHeap(shapes: ReadonlyMap<string, number[]>, context: WasmContext): AllocatedParameters {
  const tensors = new Map<string, tf.Tensor>();
  const dispose = () => {
    for (const tensor of tensors.values()) tensor.dispose();
    tensors.clear();
  };
  const engine = tf.engine();
  try {
    for (const [name, shape] of shapes) tensors.set(name, engine.makeTensorFromTensorInfo(context.output(shape)));
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    values: (name) => {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw new ModelError(`the model has no parameter "${name}"`);
      return context.floats(context.pointer(tensor), tensor.size);
    },
    variables: () => {
      const variables = new Map([...tensors].map(([name, tensor]) => [name, toVariable(() => tensor)]));
      dispose();
      return variables;
    },
    dispose,
  };
}

/** In arrays that the other engines take over as they are. */
function allocateArrays(shapes: ReadonlyMap<string, number[]>): AllocatedParameters {
  const arrays = new Map([...shapes].map(([name, shape]) => [name, new Float32Array(sizeOf(shape))]));
  return {
    values: (name) => {
      const array = arrays.get(name);
      if (array === undefined) throw new ModelError(`the model has no parameter "${name}"`);
      return array;
    },
    variables: () => {
      const variables = new Map<string, tf.Variable>();
      for (const [name, shape] of shapes) {
        variables.set(
          name,
          toVariable(() => tf.tensor(arrays.get(name) as Float32Array, shape)),
        );
      }
      arrays.clear();
      return variables;
    },
    dispose: () => arrays.clear(),
  };
}

/**
 * Memory for the parameters of a model in the current engine. What it holds at first is undefined.
 *
 * @throws ModelError when the engine's heap is full
 */
export function allocateParameters(shapes: ReadonlyMap<string, number[]>): AllocatedParameters {
  const context = tf.getBackend() === 'wasm' ? wasmContext() : undefined;
  return context === undefined ? allocateArrays(shapes) : allocateOnHeap(shapes, context);
}
