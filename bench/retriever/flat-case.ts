/** What one process of the flat bench is told; paths are absolute. */
export interface FlatCase {
  library: 'ours' | 'faiss';
  precision: 'float32' | 'int8';
  size: number;
  dimension: number;
  topK: number;
  /** The fastest of so many passes counts. */
  repeats: number;
  /** How many queries are answered together: one, and a batch. */
  batches: readonly number[];
  vectors: string;
  queries: string;
  truth: string;
}

export interface FlatFigures {
  /** Share of the true nearest that were found. */
  recall: number;
  /** Resident memory that the index added. */
  memoryBytes: number;
  points: { batch: number; queriesPerSecond: number }[];
}
