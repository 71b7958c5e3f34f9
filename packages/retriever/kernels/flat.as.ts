import { products2x4, products4, wideEntries } from './products.as';
import { int8Products2x4 } from './int8.as';
import { offer } from './top-k.as';

// Each tile of rows stays in the cache of the core while all queries pass over it.
const tileBytes: usize = 131072;

// @ts-ignore: decorator
@inline
function rowsPerTile(rowBytes: usize): i32 {
  return max(4, <i32>(tileBytes / rowBytes)) & ~3;
}

/** See Kernels.flatSearch. */
export function flatSearch(
  queries: usize, queryCount: i32, rows: usize, rowBytes: usize, dimension: i32, first: i32, end: i32, deleted: usize,
  scores: usize, heaps: usize, counts: usize, topK: i32,
): void {
  const wide = wideEntries(dimension);
  const tile = rowsPerTile(rowBytes);
  const heapBytes = <usize>topK << 3;
  const otherScores = scores + (<usize>tile << 2);
  for (let start = first; start < end; start += tile) {
    const stop = min(end, start + tile);
    for (let q = 0; q < queryCount; q += 2) {
      const query = queries + <usize>q * rowBytes;
      const pair = q + 1 < queryCount;
      for (let r = start; r < stop; r += 4) {
        const row = rows + <usize>r * rowBytes;
        const out = <usize>(r - start) << 2;
        if (pair) products2x4(query, query + rowBytes, row, rowBytes, wide, dimension, scores + out, otherScores + out);
        else {
          products4(
            query, row, row + rowBytes, row + 2 * rowBytes, row + 3 * rowBytes, wide, dimension, scores + out,
          );
        }
      }
      offer(scores, start, stop, deleted, heaps + <usize>q * heapBytes, counts + (<usize>q << 2), topK);
      if (pair) {
        offer(otherScores, start, stop, deleted, heaps + <usize>(q + 1) * heapBytes, counts + (<usize>(q + 1) << 2), topK);
      }
    }
  }
}

/** See Kernels.int8Search. */
export function int8Search(
  queries: usize, queryCount: i32, queryScales: usize, rows: usize, rowBytes: usize, scales: usize, first: i32, end: i32,
  deleted: usize, scores: usize, heaps: usize, counts: usize, topK: i32,
): void {
  const tile = rowsPerTile(rowBytes);
  const heapBytes = <usize>topK << 3;
  const queryBytes = rowBytes << 1;
  const otherScores = scores + (<usize>tile << 2);
  for (let start = first; start < end; start += tile) {
    const stop = min(end, start + tile);
    for (let q = 0; q < queryCount; q += 2) {
      const query = queries + <usize>q * queryBytes;
      const pair = q + 1 < queryCount;
      const scale = load<f32>(queryScales + (<usize>q << 2));
      const otherScale = pair ? load<f32>(queryScales + (<usize>q << 2), 4) : scale;
      for (let r = start; r < stop; r += 4) {
        const out = <usize>(r - start) << 2;
        int8Products2x4(
          query, pair ? query + queryBytes : query, rows + <usize>r * rowBytes, rowBytes, scales + (<usize>r << 2), scale,
          otherScale, scores + out, otherScores + out,
        );
      }
      offer(scores, start, stop, deleted, heaps + <usize>q * heapBytes, counts + (<usize>q << 2), topK);
      if (pair) {
        offer(otherScores, start, stop, deleted, heaps + <usize>(q + 1) * heapBytes, counts + (<usize>(q + 1) << 2), topK);
      }
    }
  }
}
