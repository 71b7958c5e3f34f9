import type { RetrievedDocument } from '@dgpo/trajectory';

/** Finds passages; the retrievers and the client of `@dgpo/retriever` have this shape. */
export interface Retriever {
  /**
   * Whether a call for many queries saves anything over a call for each. Without, environments make a call for each, and no query waits
   * for another.
   * @default true
   */
  batches?: boolean;
  /** One list per query, in order, best first, at most `topK` long. */
  retrieve(options: { queries: readonly string[]; topK: number; signal?: AbortSignal }): Promise<RetrievedDocument[][]>;
  /** The whole document behind a passage that was found, null when there is none. Needed to let policies open documents. */
  openDocument?(options: { id: string; signal?: AbortSignal }): Promise<RetrievedDocument['document'] | null>;
}
