import { DatasetError } from '@dgpo/trajectory';
import { fingerprintCorpus } from '../corpus/fingerprint.js';
import type { Document } from '../retriever.js';
import { noSuchPosition } from './store-error.js';

export { type OpenDocumentStoreOptions, openDocumentStore } from './open-document-store.js';
export { type WriteDocumentStoreOptions, writeDocumentStore } from './write-document-store.js';

/** The passages of a corpus by their position, counted from 0. */
export interface DocumentStore {
  /** Number of passages. */
  readonly size: number;
  /** SHA-256 (hex) over ids and contents in order. */
  readonly fingerprint: string;
  /**
   * The passages at the positions, in their order; a position may be given more than once.
   * @throws RetrieverError when there is no passage at a position.
   */
  get(positions: readonly number[]): Promise<Document[]>;
  /** The position of each id, undefined where there is none. */
  find(ids: readonly string[]): Promise<(number | undefined)[]>;
  /** All passages in order. */
  documents(): AsyncIterable<Document>;
  /** Closes files. Closing twice is harmless. */
  close(): Promise<void>;
}

/**
 * A store over passages in memory.
 * @throws DatasetError when an id occurs twice.
 */
export function createMemoryStore(documents: readonly Document[]): DocumentStore {
  const positions = new Map<string, number>();
  for (const [position, { id }] of documents.entries()) {
    if (positions.has(id)) throw new DatasetError(`the id ${JSON.stringify(id)} occurs twice; ids must be unique`);
    positions.set(id, position);
  }
  const size = documents.length;
  const at = (position: number): Document => {
    const document = documents[position];
    if (document === undefined) throw noSuchPosition(position, size);
    return document;
  };
  return {
    size,
    fingerprint: fingerprintCorpus(documents),
    async get(wanted) {
      return wanted.map(at);
    },
    async find(ids) {
      return ids.map((id) => positions.get(id));
    },
    async *documents() {
      yield* documents;
    },
    async close() {},
  };
}
