/** The values as they are now: what a training shares with its workers is overwritten by its next update. */
export function frozen(values: Float32Array): Float32Array {
  return values.buffer instanceof SharedArrayBuffer ? Float32Array.from(values) : values;
}
