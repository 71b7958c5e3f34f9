/**
 * Single-precision WebAssembly SIMD kernels.
 *
 * Every pointer is a byte offset into the memory the kernels were loaded on; floats are f32, integers i32, matrices
 * row-major; strides ("row", "col") are in elements. Growing the memory leaves pointers valid but detaches views.
 * A row of a result depends on that row's inputs only: its bytes are the same in a batch of any size.
 */
export interface Kernels {
  /** Bytes of scratch that `gemm` needs. */
  gemmScratchBytes(m: number, n: number, k: number): number;
  /**
   * C[m, n] = A[m, k] · B[k, n] (+ bias[n]) (+ C). A and B may have any strides, so transposes are free of copies;
   * C has unit column stride. `bias` is a pointer or 0, `accumulate` 0 or 1.
   */
  gemm(
    m: number,
    n: number,
    k: number,
    a: number,
    aRow: number,
    aCol: number,
    b: number,
    bRow: number,
    bCol: number,
    c: number,
    cRow: number,
    bias: number,
    accumulate: number,
    scratch: number,
  ): void;
}
