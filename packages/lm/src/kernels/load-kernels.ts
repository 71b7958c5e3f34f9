import type { Kernels } from './kernels.js';
import { wasmModule } from './wasm-module.js';

let compiled: WebAssembly.Module | undefined;

/**
 * Instantiates the kernels on memory owned by someone else, such as tfjs-backend-wasm's. The kernels allocate nothing
 * and keep nothing: they read and write only what the pointers they are given name, and the scratch they are given.
 *
 * @throws WebAssembly.CompileError where the engine has no SIMD, WebAssembly.LinkError where the memory is shared.
 */
export function loadKernels({ memory }: { memory: WebAssembly.Memory }): Kernels {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(wasmModule), (character) => character.charCodeAt(0)));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}
