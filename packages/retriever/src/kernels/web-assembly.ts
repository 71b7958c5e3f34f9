/** Memory of a WebAssembly module, in pages of 65,536 bytes. */
export interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages; what was there stays, views of the old `buffer` are detached. @throws RangeError when there is no room. */
  grow(pages: number): number;
}

interface WebAssemblyApi {
  Memory: new (pages: { initial: number; maximum: number }) => WebAssemblyMemory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: object };
}

/** The part of the global that the kernels need: its types come with the DOM library, which a Node package has no other use for. */
export const { WebAssembly: webAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi | undefined };
