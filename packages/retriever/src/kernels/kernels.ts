/**
 * WebAssembly SIMD kernels. Every pointer is a byte offset into the memory they were loaded on. They allocate nothing and keep
 * nothing. Rows of float32 lie `rowBytes` apart, a multiple of 16 and of at least 4 · dimension.
 *
 * Top-k heaps are `[queries][topK]` entries of `[f32 score, u32 row]`, `counts[queries]` (i32) says how many are filled; a search
 * adds to both, so that rows may be searched in parts.
 */
export interface Kernels {
  /**
   * Inner products of `queries[queryCount]` with the rows from `first` up to `end`, the best into the heaps. Rows with a byte
   * other than 0 in `deleted` are left out. `scores` is scratch of `scoresBytes`; up to 3 rows behind `end` are read.
   */
  flatSearch(
    queries: number,
    queryCount: number,
    rows: number,
    rowBytes: number,
    dimension: number,
    first: number,
    end: number,
    deleted: number,
    scores: number,
    heaps: number,
    counts: number,
    topK: number,
  ): void;
  /** As `flatSearch`, over rows of int8 with a scale each; queries are rows of int16 (twice `rowBytes`) with a scale each. */
  int8Search(
    queries: number,
    queryCount: number,
    queryScales: number,
    rows: number,
    rowBytes: number,
    scales: number,
    first: number,
    end: number,
    deleted: number,
    scores: number,
    heaps: number,
    counts: number,
    topK: number,
  ): void;
  /** Orders the heap of one query best first, equal scores by row. */
  sortTopK(heap: number, count: number): void;
  /**
   * Searches a graph of hnswlib for one query and returns how many of `topK` it found: entries `[f32 distance, u32 node]` in
   * `found`, nearest first, equal distances by node; the distance is one minus the inner product. `links` holds, for each node
   * `linkBytes` apart, a word (u16 count, u8 whose lowest bit says deleted) and the neighbours' u32 ids; `firstLists[node]` says
   * where in `lists` those of its upper levels begin, `listBytes` each. `visited` has a byte for each node that differs from
   * `stamp` (1 to 255) before. Room: `candidates` for every node, `found` for ef + 1 entries, `ids` and `distances` for the
   * longest list and 3 more.
   */
  hnswSearch(
    query: number,
    dimension: number,
    vectors: number,
    vectorBytes: number,
    links: number,
    linkBytes: number,
    firstLists: number,
    lists: number,
    listBytes: number,
    entry: number,
    maxLevel: number,
    visited: number,
    stamp: number,
    ef: number,
    topK: number,
    hasDeleted: number,
    candidates: number,
    found: number,
    ids: number,
    distances: number,
  ): number;
}

/** Scratch for the scores of one tile of rows for two queries: 128 KiB of rows, of at least 16 bytes each. */
export const scoresBytes = 1 << 16;
