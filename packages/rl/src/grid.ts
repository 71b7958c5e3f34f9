/** Numbers per row and token, row-major. */
export interface Grid {
  data: Float32Array;
  /** Rows and tokens, `[batch, time]`. */
  shape: readonly [batch: number, time: number];
}

/** Masks and values of one batch must cover the same rows and tokens: a shifted grid would pass unnoticed. */
export function requireSameShape(grids: Record<string, Grid>): void {
  const entries = Object.entries(grids);
  const [first] = entries;
  if (first === undefined) return;
  const [batch, time] = first[1].shape;
  for (const [name, { data, shape }] of entries) {
    if (shape[0] !== batch || shape[1] !== time || data.length !== batch * time) {
      throw new RangeError(
        `${name} has shape [${shape.join(', ')}] and ${data.length} values, but ${first[0]} is [${batch}, ${time}]`,
      );
    }
  }
}

/** A list with one entry per row must have as many entries as the batch has rows. */
export function requireLength(name: string, length: number, batch: number): void {
  if (length !== batch) throw new RangeError(`${name} has ${length} entries for ${batch} rows`);
}
