import * as tf from '@tensorflow/tfjs-core';
import { loadKernels } from '../wasm/load-kernels.js';
import { type WebAssemblyMemory, webAssembly } from '../wasm/web-assembly.js';

/** The parts of tfjs-backend-wasm 4.22 that our kernels rely on; internal there, hence the exactly pinned version. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  readonly dataIdMap: { get(dataId: object): { memoryOffset: number } };
  readonly wasm: {
    readonly asm: { readonly memory: WebAssemblyMemory };
    _malloc(bytes: number): number;
    _free(pointer: number): void;
  };
}

type Kernels = ReturnType<typeof loadKernels>;

/** What a fused op needs to run on the memory of the wasm backend. */
export interface WasmContext {
  readonly kernels: Kernels;
  /** The byte offset of a tensor's values. Stays valid while the tensor lives: growing memory moves nothing. */
  pointer(tensor: tf.TensorInfo): number;
  /** A new, uninitialised float32 tensor. */
  output(shape: number[]): tf.TensorInfo;
  /** The byte offset of at least `bytes` of scratch memory, valid until the next call. */
  scratch(bytes: number): number;
}

let context: WasmContext | undefined;

function isWasmBackend(backend: unknown): backend is WasmBackend {
  const candidate = backend as Partial<WasmBackend> | null;
  return (
    typeof candidate?.makeOutput === 'function' &&
    candidate.dataIdMap !== undefined &&
    candidate.wasm?.asm?.memory instanceof webAssembly.Memory &&
    typeof candidate.wasm._malloc === 'function'
  );
}

/** The kernels on the wasm backend's memory, or `undefined` where the backend does not show its memory. */
export function wasmContext(): WasmContext | undefined {
  if (context !== undefined) return context;
  const backend: unknown = tf.findBackend('wasm');
  if (!isWasmBackend(backend)) return undefined;
  const kernels = loadKernels({ memory: backend.wasm.asm.memory });
  let scratchPointer = 0;
  let scratchBytes = 0;
  context = {
    kernels,
    pointer: (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
    output: (shape) => backend.makeOutput(shape, 'float32'),
    scratch: (bytes) => {
      if (bytes > scratchBytes) {
        if (scratchPointer !== 0) backend.wasm._free(scratchPointer);
        scratchBytes = Math.ceil(bytes * 1.25);
        scratchPointer = backend.wasm._malloc(scratchBytes) >>> 0;
      }
      return scratchPointer;
    },
  };
  return context;
}
