import type { Kernels } from './kernels.js';
import { wasmModule } from './wasm-module.js';
import { type WebAssemblyMemory, webAssembly } from './web-assembly.js';

let compiled: object | undefined;

/**
 * Instantiates the kernels on memory that somebody else owns. They allocate nothing and keep nothing: they read and write only what
 * the pointers name, and the scratch they are given.
 */
export function loadKernels(options: { memory: WebAssemblyMemory }): Kernels {
  compiled ??= new webAssembly.Module(Buffer.from(wasmModule, 'base64'));
  const { exports } = new webAssembly.Instance(compiled, { env: { memory: options.memory } });
  return exports as Kernels;
}
