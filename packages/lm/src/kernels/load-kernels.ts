import type { Kernels } from './kernels.js';
import { wasmModule } from './wasm-module.js';
import { type WebAssemblyMemory, webAssembly } from './web-assembly.js';

let compiled: object | undefined;

/**
 * Instantiates the kernels on memory owned by someone else, such as tfjs-backend-wasm's. The kernels allocate nothing
 * and keep nothing: they read and write only what the pointers they are given name, and the scratch they are given.
 *
 * @throws WebAssembly.CompileError where the engine has no SIMD, WebAssembly.LinkError where the memory is shared.
 */
export function loadKernels({ memory }: { memory: WebAssemblyMemory }): Kernels {
  compiled ??= new webAssembly.Module(Buffer.from(wasmModule, 'base64'));
  return new webAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}
