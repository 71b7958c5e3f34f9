/** What one process of the HNSW bench is told; paths are absolute. */
export interface HnswCase {
  mode: 'truth' | 'build' | 'search';
  library: 'ours' | 'hnswlib' | 'faiss';
  size: number;
  dimension: number;
  topK: number;
  m: number;
  efConstruction: number;
  /** The values of ef that are measured, ascending. */
  efSearch: readonly number[];
  /** The fastest of so many passes over the queries counts. */
  repeats: number;
  vectors: string;
  queries: string;
  truth: string;
  /** File (a directory for ours) of the built index. */
  index: string;
}

export interface HnswPoint {
  ef: number;
  /** Share of the true ten nearest that were found. */
  recall: number;
  queriesPerSecond: number;
}

export interface HnswBuild {
  buildSeconds: number;
  /** Processor time of the build, which other work on the machine does not lengthen. */
  buildCpuSeconds: number;
  /** Largest resident memory of the building process, the vectors it was given included. */
  peakBytes: number;
}

export interface HnswSearch {
  openSeconds: number;
  /** Resident memory that opening the index added. */
  memoryBytes: number;
  points: HnswPoint[];
}
