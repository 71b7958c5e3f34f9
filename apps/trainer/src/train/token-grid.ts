import type { Grid } from '@dgpo/rl';
import { offsetsOf } from './micro-batches.js';

/** Rows of different length as a grid padded with 0 on the right, and its mask. */
export function toGrid(rows: readonly Float32Array[]): { grid: Grid; mask: Grid } {
  const time = Math.max(1, ...rows.map((row) => row.length));
  const grid: Grid = { data: new Float32Array(rows.length * time), shape: [rows.length, time] };
  const mask: Grid = { data: new Float32Array(rows.length * time), shape: [rows.length, time] };
  rows.forEach((row, index) => {
    grid.data.set(row, index * time);
    mask.data.fill(1, index * time, index * time + row.length);
  });
  return { grid, mask };
}

/** The real entries of a grid, row by row, as one vector. */
export function fromGrid(grid: Grid, counts: readonly number[]): Float32Array {
  const [, time] = grid.shape;
  const result = new Float32Array(counts.reduce((sum, count) => sum + count, 0));
  let next = 0;
  counts.forEach((count, row) => {
    result.set(grid.data.subarray(row * time, row * time + count), next);
    next += count;
  });
  return result;
}

/** One vector cut into rows. */
export function cutRows(values: Float32Array, counts: readonly number[]): Float32Array[] {
  const offsets = offsetsOf(counts);
  return counts.map((_, row) => values.subarray(offsets[row], offsets[row + 1]));
}
