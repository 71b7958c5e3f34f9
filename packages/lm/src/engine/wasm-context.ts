import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { loadKernels } from '../kernels/load-kernels.js';
import { type WebAssemblyMemory, webAssembly } from '../kernels/web-assembly.js';
import { createMatrixProduct, type MatrixProduct } from './matrix-product.js';

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
  /** All but `gemm`, which {@link matrixProduct} calls. */
  readonly kernels: Omit<Kernels, 'gemm' | 'gemmScratchBytes'>;
  /** Every matrix product, on native BLAS where one is in use. */
  matrixProduct(product: MatrixProduct): void;
  /** The byte offset of a tensor's values. Stays valid while the tensor lives: growing memory moves nothing. */
  pointer(tensor: tf.TensorInfo): number;
  /** A view of values in the memory. To be taken anew for each use: growing memory detaches it. */
  floats(pointer: number, count: number): Float32Array;
  integers(pointer: number, count: number): Int32Array;
  /** A new, uninitialised float32 tensor. */
  output(shape: number[]): tf.TensorInfo;
  /**
   * The byte offset of at least `bytes` of scratch memory, valid until the next call.
   *
   * @throws ModelError when the heap is full
   */
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

/** A 32-bit module addresses this much. */
const heapLimit = 2 ** 32;

/**
 * Makes every allocation of the backend fail with a clear error. Its own code takes the 0 of a full heap for an address and writes
 * there, and sizes past 4 GiB wrap around.
 */
function guardAllocations(wasm: WasmBackend['wasm']): void {
  // The module replaces its own function in the first call.
  wasm._free(wasm._malloc(8));
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const pointer = bytes < heapLimit ? allocate(bytes) >>> 0 : 0;
    if (pointer !== 0) return pointer;
    throw new ModelError(
      `the wasm engine is out of memory: ${(bytes / 2 ** 20).toFixed(0)} MiB more do not fit into its 4 GiB; use smaller micro-batches, shorter contexts, or the engine tensorflow or webgpu`,
    );
  };
}

/** The kernels on the wasm backend's memory, or `undefined` where the backend does not show its memory. */
export function wasmContext(): WasmContext | undefined {
  if (context !== undefined) return context;
  const backend: unknown = tf.findBackend('wasm');
  if (!isWasmBackend(backend)) return undefined;
  guardAllocations(backend.wasm);
  const { memory } = backend.wasm.asm;
  const kernels = loadKernels({ memory });
  let scratchPointer = 0;
  let scratchBytes = 0;
  context = {
    kernels,
    matrixProduct: createMatrixProduct({ kernels, memory, malloc: (bytes) => backend.wasm._malloc(bytes) }),
    pointer: (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
    floats: (pointer, count) => new Float32Array(memory.buffer, pointer, count),
    integers: (pointer, count) => new Int32Array(memory.buffer, pointer, count),
    output: (shape) => backend.makeOutput(shape, 'float32'),
    scratch: (bytes) => {
      if (bytes > scratchBytes) {
        if (scratchPointer !== 0) backend.wasm._free(scratchPointer);
        scratchPointer = 0;
        scratchBytes = 0;
        const enough = Math.ceil(bytes * 1.25);
        scratchPointer = backend.wasm._malloc(enough);
        scratchBytes = enough;
      }
      return scratchPointer;
    },
  };
  return context;
}
