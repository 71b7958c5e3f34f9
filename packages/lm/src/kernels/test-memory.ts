import { loadKernels } from './load-kernels.js';
import type { WebAssemblyMemory } from './web-assembly.js';

interface GrowableMemory extends WebAssemblyMemory {
  grow(pages: number): number;
}
type NewMemory = new (limits: { initial: number; maximum: number }) => GrowableMemory;
const { WebAssembly: webAssembly } = globalThis as unknown as { WebAssembly: { Memory: NewMemory } };

/** A memory with a bump allocator for the kernels' tests. */
export function testMemory() {
  const memory = new webAssembly.Memory({ initial: 64, maximum: 65536 });
  const kernels = loadKernels({ memory });
  let top = 1024;
  const allocate = (bytes: number): number => {
    const at = top;
    top = (top + bytes + 15) & ~15;
    const missing = top - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    return at;
  };
  return {
    kernels,
    allocate,
    /** Copies values in and returns where they are. */
    floats(values: ArrayLike<number>): number {
      const at = allocate(values.length * 4);
      new Float32Array(memory.buffer, at, values.length).set(values);
      return at;
    },
    integers(values: ArrayLike<number>): number {
      const at = allocate(values.length * 4);
      new Int32Array(memory.buffer, at, values.length).set(values);
      return at;
    },
    /** Room for a result, filled with NaN so that a value never written shows. */
    result(length: number): number {
      const at = allocate(length * 4);
      new Float32Array(memory.buffer, at, length).fill(Number.NaN);
      return at;
    },
    /** Scratch, filled with NaN. */
    scratch(bytes: number): number {
      const at = allocate(bytes);
      new Float32Array(memory.buffer, at, bytes / 4).fill(Number.NaN);
      return at;
    },
    read: (at: number, length: number): Float32Array => new Float32Array(memory.buffer, at, length).slice(),
  };
}
