import type { RetrievedDocument } from '@dgpo/trajectory';

/** One passage of a corpus. `contents` carries the title on its first line, then the text. */
export interface Document {
  id: string;
  contents: string;
}

export interface RetrieveOptions {
  /** The queries, answered in this order. */
  queries: readonly string[];
  /** The most passages to return for each query; an integer of at least 1. */
  topK: number;
  /** Ends the work early with the signal's reason. */
  signal?: AbortSignal;
}

/** Whatever finds passages: an index in this process, or a client of a server elsewhere. */
export interface Retriever {
  /** One list for each query, best first, of at most `topK` passages. */
  retrieve(options: RetrieveOptions): Promise<RetrievedDocument[][]>;
}

/** A retriever over a corpus held in this process. */
export interface IndexedRetriever extends Retriever {
  readonly kind: 'bm25' | 'flat' | 'hnsw' | 'lancedb' | 'qdrant' | 'hybrid';
  /** Number of passages in the corpus. */
  readonly documents: number;
  /** SHA-256 (hex) over the ids and contents of the corpus in order and over the settings of the index. */
  readonly fingerprint: string;
  /**
   * Writes everything {@link loadRetriever} needs, the corpus included, as one directory: beside first, then renamed.
   * An index that is already there is replaced.
   * @throws RetrieverError when the directory holds something else.
   */
  save(directory: string): Promise<void>;
  /** Gives back memory, files and connections; the retriever is not used afterwards. May be called again. */
  close(): Promise<void>;
}
