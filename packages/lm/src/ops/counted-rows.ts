import type { WasmContext } from '../engine/wasm-context.js';

/**
 * Rows of a matrix in wasm memory, with zeros for those that do not count. A product over rows gives them the factor 0, and 0 times
 * NaN is NaN. Copies only where there is such a row.
 *
 * @param options.scratch room for `count * width` float32 values
 * @returns the byte offset of the rows
 */
export function countedRows(options: {
  context: WasmContext;
  pointer: number;
  count: number;
  width: number;
  counts: (row: number) => boolean;
  scratch: number;
}): number {
  const { context, pointer, count, width, counts, scratch } = options;
  let copy: Float32Array | undefined;
  for (let row = 0; row < count; row++) {
    if (counts(row)) continue;
    if (copy === undefined) {
      copy = context.floats(scratch, count * width);
      copy.set(context.floats(pointer, count * width));
    }
    copy.fill(0, row * width, (row + 1) * width);
  }
  return copy === undefined ? pointer : scratch;
}
