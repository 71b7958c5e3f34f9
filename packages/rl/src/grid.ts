/** Numbers per row and token, row-major. */
export interface Grid {
  data: Float32Array;
  /** Rows and tokens, `[batch, time]`. */
  shape: readonly [batch: number, time: number];
}
