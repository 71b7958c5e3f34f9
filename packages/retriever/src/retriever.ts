import type { RetrievedDocument } from '@dgpo/trajectory';
import type { Encoder } from './vector/encoder.js';

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

/**
 * `bm25` finds by words; `flat` by vectors, exactly; `hnsw` by vectors, approximately; `lancedb` and `qdrant` by vectors that
 * lie on disk or in a cluster; `hybrid` by words and vectors, joined by reciprocal rank fusion.
 */
export type IndexKind = 'bm25' | 'flat' | 'hnsw' | 'lancedb' | 'qdrant' | 'hybrid';

/** A retriever over an index that this process has built or opened. */
export interface IndexedRetriever extends Retriever {
  readonly kind: IndexKind;
  /** Number of passages in the corpus. */
  readonly documents: number;
  /** SHA-256 (hex) over the ids and contents of the corpus in order and over the settings of the index. */
  readonly fingerprint: string;
  /** What queries and passages are encoded with; none for `bm25`. */
  readonly encoder?: Encoder;
  /** The passage of each id, undefined where the corpus has none. */
  lookUp(ids: readonly string[]): Promise<(Document | undefined)[]>;
  /** Closes files and connections. The retriever cannot be used afterwards. */
  close(): Promise<void>;
}

/** A retriever whose passages and index lie in memory. */
export interface MemoryRetriever extends IndexedRetriever {
  /** Builds the same index as a directory, as `buildIndex` does. */
  save(directory: string): Promise<void>;
}
