/** What one process of the BM25 bench is told; paths are absolute. */
export interface Bm25Case {
  mode: 'index' | 'search';
  /** `memory` and `disk` are ours, by residence; `numpy` and `numba` are backends of bm25s. */
  engine: 'memory' | 'disk' | 'numpy' | 'numba';
  topK: number;
  k1: number;
  b: number;
  /** The fastest of so many passes over the queries counts. */
  repeats: number;
  /** One passage a line, words with blanks in between. */
  corpus: string;
  /** One query a line. */
  queries: string;
  /** Directory of the built index. */
  index: string;
  /** Where the search writes the scores of the best `topK` of each query as float32. */
  scores: string;
}

export interface Bm25Indexing {
  passages: number;
  passagesPerSecond: number;
  /** The same by processor time, which other work on the machine does not lengthen. */
  passagesPerCpuSecond: number;
  /** Largest resident memory of the indexing process. */
  peakBytes: number;
  diskBytes: number;
}

export interface Bm25Search {
  openSeconds: number;
  /** Resident memory that opening the index and answering the queries added. */
  memoryBytes: number;
  queriesPerSecond: number;
}
