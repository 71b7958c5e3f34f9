import type { Match } from '../top-k.js';

/** How a block keeps its rows: as they are, or as integers of -127 to 127 with a scale for each row. */
export type Precision = 'float32' | 'int8';

/** Rows in memory that queries are compared with, all of them, numbered from 0. */
export interface RowBlock {
  readonly length: number;
  /** The most rows it can hold. */
  readonly capacity: number;
  /** Adds rows, at most as many as there is room for. @throws RangeError when there is not that much memory. */
  append(rows: readonly Float32Array[]): void;
  /** Leaves a row out of all searches from now on. */
  delete(row: number): void;
  /** The row, as it was added (int8: nearly). */
  row(row: number): Float32Array;
  /** The best rows for each query, best first, equal scores in order of row; one search at a time. */
  search(options: { queries: readonly Float32Array[]; topK: number }): Promise<Match[][]>;
}
