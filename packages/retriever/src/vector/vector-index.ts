import type { Match } from '../top-k.js';

/**
 * Nearest neighbours by inner product, over vectors numbered in the order they were given. The seam for other engines;
 * `vectorIndexCases` of `@dgpo/retriever/testing` checks an implementation.
 */
export interface VectorIndex {
  readonly kind: 'flat' | 'hnsw';
  /** Number of vectors. */
  readonly size: number;
  /** Length of each vector. */
  readonly dimension: number;
  /** How the index was built, as plain JSON; part of the fingerprint. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * One list for each query vector, highest inner product first, of at most `topK` matches; equal scores in order of index.
   * @throws ConfigError for a `topK` below 1 or a vector of another length.
   */
  search(options: { vectors: readonly Float32Array[]; topK: number }): Match[][] | Promise<Match[][]>;
  /** Writes the index into an existing directory. */
  save(directory: string): Promise<void>;
}
