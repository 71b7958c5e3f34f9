import type { Match } from '../top-k.js';

/**
 * Nearest neighbours by inner product, over vectors numbered in the order they were added. The seam for other engines;
 * `vectorIndexCases` of `@dgpo/retriever/testing` checks an implementation.
 */
export interface VectorIndex {
  readonly kind: 'flat' | 'hnsw' | 'lancedb' | 'qdrant';
  /** Number of vectors that can be found: those added less those deleted. */
  readonly size: number;
  /** The index that the next added vector gets; indices are never used again. */
  readonly length: number;
  /** Length of each vector. */
  readonly dimension: number;
  /** What the index is, as plain JSON; opens it again and is part of the fingerprint. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * Adds vectors under the indices from `length` on. An abort between two vectors leaves those before it added.
   * @throws ConfigError for a vector of another length or with an entry that is not finite (nothing is added then); the
   * signal's reason when it is aborted.
   */
  add(options: { vectors: readonly Float32Array[]; signal?: AbortSignal }): Promise<void>;
  /**
   * Makes vectors impossible to find. One that is deleted already stays so.
   * @throws ConfigError for an index that was never given to a vector (nothing is deleted then).
   */
  delete(options: { indices: readonly number[] }): Promise<void>;
  /**
   * One list for each query vector, highest inner product first, of at most `topK` matches; equal scores in order of index.
   * @throws ConfigError for a `topK` below 1 or a vector of another length.
   */
  search(options: { vectors: readonly Float32Array[]; topK: number }): Match[][] | Promise<Match[][]>;
  /** Writes the index, its deletions included, into an existing directory. */
  save(directory: string): Promise<void>;
  /** Gives back memory, files and connections; the index is not used afterwards. May be called again. */
  close(): Promise<void>;
}
