import type { Kernels } from '../kernels/kernels.js';
import type { WebAssemblyMemory } from '../kernels/web-assembly.js';
import type { Blas } from './blas.js';

/** `C = op(A)·op(B)` of row-major matrices without gaps on the wasm heap; pointers are byte offsets. */
export interface MatrixProduct {
  /** Rows of C. */
  m: number;
  /** Columns of C. */
  n: number;
  /** Length of the sums. */
  k: number;
  /** `[m, k]`, or `[k, m]` with `transposeA`. */
  a: number;
  /** @default false */
  transposeA?: boolean;
  /** `[k, n]`, or `[n, k]` with `transposeB`. */
  b: number;
  /** @default false */
  transposeB?: boolean;
  /** `[m, n]` */
  c: number;
  /** What the product is added to: `[n]`, one to each row. @default nothing */
  bias?: number | undefined;
  /** Adds the product to what C holds; not together with `bias`. @default false */
  accumulate?: boolean;
}

let blas: Blas | undefined;

/** Sends the products that are large enough to a native library from now on; `undefined` keeps all in WebAssembly. */
export function useBlas(library: Blas | undefined): void {
  blas = library;
}

/** Views are made for each call: growing the memory detaches them. */
function blasProduct(memory: WebAssemblyMemory, { sgemm }: Blas, product: MatrixProduct): void {
  const { m, n, k, a, transposeA = false, b, transposeB = false, c, bias, accumulate = false } = product;
  const { buffer } = memory;
  if (bias !== undefined) {
    const rows = new Float32Array(buffer, c, m * n);
    rows.set(new Float32Array(buffer, bias, n));
    for (let filled = n; filled < rows.length; filled *= 2) rows.copyWithin(filled, 0, filled);
  }
  sgemm({
    m,
    n,
    k,
    a: new Float32Array(buffer, a, 1),
    transposeA,
    b: new Float32Array(buffer, b, 1),
    transposeB,
    beta: accumulate || bias !== undefined ? 1 : 0,
    c: new Float32Array(buffer, c, 1),
  });
}

/** The one way of all matrix products of our ops: through the BLAS in use where it is faster, else through our kernel. */
export function createMatrixProduct(options: {
  kernels: Kernels;
  memory: WebAssemblyMemory;
  malloc: (bytes: number) => number;
}): (product: MatrixProduct) => void {
  const { kernels, memory, malloc } = options;
  // The kernel's scratch does not grow past that of one block.
  const scratchBytes = kernels.gemmScratchBytes(2 ** 16, 2 ** 16, 2 ** 16);
  let scratch = 0;
  return (product) => {
    const { m, n, k, a, transposeA, b, transposeB, c, bias, accumulate } = product;
    if (blas?.worthwhile(m, n, k)) {
      blasProduct(memory, blas, product);
      return;
    }
    if (scratch === 0) scratch = malloc(scratchBytes);
    const [aRow, aColumn] = transposeA ? [1, m] : [k, 1];
    const [bRow, bColumn] = transposeB ? [1, k] : [n, 1];
    kernels.gemm(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, n, bias ?? 0, accumulate ? 1 : 0, scratch);
  };
}
