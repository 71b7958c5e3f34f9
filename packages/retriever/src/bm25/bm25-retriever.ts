import { buildIndex } from '../build-index.js';
import { composeRetriever } from '../compose-retriever.js';
import type { Document, MemoryRetriever } from '../retriever.js';
import { createMemoryStore } from '../store/document-store.js';
import { createBm25Index } from './bm25-index.js';
import type { Bm25Settings } from './bm25-settings.js';
import type { LexicalIndex } from './lexical-index.js';

/** A BM25 index of passages in memory behind the seam that stored ones have. */
export function createLexicalIndex(options: { documents: readonly Document[] } & Bm25Settings): LexicalIndex {
  const { size, settings, search } = createBm25Index(options);
  return {
    size,
    settings,
    search: ({ queries, topK }) => queries.map((query) => search({ query, topK })),
    close: async () => undefined,
  };
}

/**
 * A BM25 retriever over passages in memory; same passages and settings, same answers. A query that shares no word with any
 * passage gets an empty list.
 * @throws ConfigError for settings outside their range.
 */
export function createBm25Retriever({
  documents,
  ...bm25
}: { documents: readonly Document[] } & Bm25Settings): MemoryRetriever {
  const lexical = createLexicalIndex({ documents, ...bm25 });
  const settings = { bm25: lexical.settings };
  return {
    ...composeRetriever({ kind: 'bm25', settings, store: createMemoryStore(documents), lexical }),
    async save(directory) {
      await buildIndex({ documents, directory, bm25 });
    },
  };
}
