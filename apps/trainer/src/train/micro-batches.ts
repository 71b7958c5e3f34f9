import type { ScoredRow } from '../compute/scored-rows.js';

/** How much one forward and backward pass takes on. */
export interface MicroBatchOptions {
  /** Rows at most. */
  microBatchSize: number;
  /** Tokens at most, padding counted: rows times the longest of them. A row that is longer goes alone. @default no limit */
  maxTokensPerMicroBatch?: number | undefined;
}

/**
 * Cuts rows into micro-batches of similar length, so that little is padded; with a budget of tokens a micro-batch takes the more rows the
 * shorter they are (verl: `use_dynamic_bsz`). The borders depend on the rows and the options alone, never on the number of workers.
 *
 * @returns indices into `rows`, the longest micro-batch first (it runs beside shorter ones)
 */
export function microBatches(options: { rows: readonly ScoredRow[] } & MicroBatchOptions): number[][] {
  const { rows, microBatchSize, maxTokensPerMicroBatch = Number.POSITIVE_INFINITY } = options;
  const length = (index: number) => rows[index]?.tokenIds.length ?? 0;
  const order = rows.map((_, index) => index).sort((a, b) => length(b) - length(a) || a - b);
  const batches: number[][] = [];
  let start = 0;
  while (start < order.length) {
    // Its first row is the longest, to which the others are padded.
    const fitting = Math.floor(maxTokensPerMicroBatch / Math.max(1, length(order[start] as number)));
    const size = Math.max(1, Math.min(microBatchSize, fitting));
    batches.push(order.slice(start, start + size));
    start += size;
  }
  return batches;
}

/** Picks the entries of aligned per-token arrays that belong to some rows. */
export function selectTokens(options: {
  /** `[scored tokens]` of all rows. */
  values: Float32Array;
  /** Start of each row in `values`, and the end of the last. */
  offsets: readonly number[];
  rows: readonly number[];
}): Float32Array {
  const { values, offsets, rows } = options;
  const parts = rows.map((row) => values.subarray(offsets[row], offsets[row + 1]));
  const result = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let next = 0;
  for (const part of parts) {
    result.set(part, next);
    next += part.length;
  }
  return result;
}

/** Running sum of the counts: where each row starts. */
export function offsetsOf(counts: readonly number[]): number[] {
  const offsets = [0];
  for (const count of counts) offsets.push((offsets.at(-1) as number) + count);
  return offsets;
}
