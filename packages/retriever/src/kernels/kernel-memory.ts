import type { Kernels } from './kernels.js';
import { wasmModule } from './wasm-module.js';
import { type WebAssemblyMemory, webAssembly } from './web-assembly.js';

const pageBytes = 65_536;
let compiled: object | null | undefined;

/** The compiled module, or null where the engine has no WebAssembly or no SIMD. */
function compileKernels(): object | null {
  if (compiled !== undefined) return compiled;
  try {
    compiled = webAssembly === undefined ? null : new webAssembly.Module(Buffer.from(wasmModule, 'base64'));
  } catch {
    compiled = null;
  }
  return compiled;
}

/** The most bytes one memory can have. */
const largestMemory = 65_536 * pageBytes;

/** Kernels with a memory of their own. */
export interface KernelMemory {
  readonly kernels: Kernels;
  /** Valid until the memory grows. */
  readonly buffer: ArrayBuffer;
  /** Makes the memory at least this large. @throws RangeError when the machine or the maximum does not allow it. */
  reserve(bytes: number): void;
}

/** How the kernels get a memory: null where there are none or the machine does not give that much. */
export type CreateKernelMemory = (sizes: { initialBytes: number; maximumBytes: number }) => KernelMemory | null;

const toPages = (bytes: number) => Math.max(1, Math.ceil(bytes / pageBytes));

/** Loads the kernels on a memory that can grow to `maximumBytes`; pages that nobody touches cost address space only. */
export const createKernelMemory: CreateKernelMemory = ({ initialBytes, maximumBytes }) => {
  const module = compileKernels();
  if (module === null || webAssembly === undefined || maximumBytes > largestMemory) return null;
  let memory: WebAssemblyMemory;
  try {
    memory = new webAssembly.Memory({ initial: toPages(initialBytes), maximum: toPages(maximumBytes) });
  } catch {
    return null;
  }
  const kernels = new webAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
  return {
    kernels,
    get buffer() {
      return memory.buffer;
    },
    reserve(bytes) {
      const missing = toPages(bytes) - memory.buffer.byteLength / pageBytes;
      if (missing > 0) memory.grow(missing);
    },
  };
};
