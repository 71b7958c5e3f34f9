import { RetrieverError } from '@dgpo/trajectory';
import { answerQueries } from './answer-queries.js';
import type { LexicalIndex } from './bm25/lexical-index.js';
import { fingerprintIndex } from './corpus/fingerprint.js';
import { fuseRankings } from './fuse/fuse-rankings.js';
import { type IndexSettings, resolveHybridSettings } from './index-settings.js';
import type { Document, IndexedRetriever, IndexKind } from './retriever.js';
import type { DocumentStore } from './store/document-store.js';
import type { Match } from './top-k.js';
import type { Encoder } from './vector/encoder.js';
import type { VectorIndex } from './vector/vector-index.js';

/** What a retriever is made of: passages, and words or vectors or both to find them by. */
export interface RetrieverParts {
  kind: IndexKind;
  settings: IndexSettings;
  store: DocumentStore;
  lexical?: LexicalIndex;
  vectors?: { encoder: Encoder; index: VectorIndex };
}

/** What the manifest and the fingerprint say of vectors. */
export function describeVectors({
  encoder,
  index,
}: NonNullable<RetrieverParts['vectors']>): NonNullable<IndexSettings['vectors']> {
  const { kind, ...settings } = encoder.settings;
  return {
    kind: index.kind,
    dimension: index.dimension,
    index: { ...index.settings },
    encoder: { kind: String(kind), ...settings },
  };
}

/**
 * Joins the parts of an index to a retriever. A query that shares no word with any passage, or has no feature the encoder
 * knows (a zero vector), gets an empty list from that part.
 * @throws RetrieverError when the parts are not of the same passages.
 */
export function composeRetriever({ kind, settings, store, lexical, vectors }: RetrieverParts): IndexedRetriever {
  for (const [name, size] of [
    ['BM25 index', lexical?.size],
    ['vector index', vectors?.index.size],
  ] as const) {
    if (size !== undefined && size !== store.size) {
      throw new RetrieverError(`the ${name} has ${size} entries for ${store.size} passages; build the index anew`);
    }
  }

  async function searchVectors(queries: readonly string[], topK: number): Promise<Match[][]> {
    if (vectors === undefined) return queries.map(() => []);
    const encoded = await vectors.encoder.encode(queries, 'query');
    const found = await vectors.index.search({ vectors: encoded, topK });
    return found.map((list, position) => (encoded[position]?.some((entry) => entry !== 0) ? list : []));
  }

  async function search(queries: readonly string[], topK: number): Promise<Match[][]> {
    if (lexical === undefined) return searchVectors(queries, topK);
    if (vectors === undefined) return lexical.search({ queries, topK });
    const { k, depth, weights } = settings.fusion ?? resolveHybridSettings();
    const deep = Math.max(depth, topK);
    const byWords = await lexical.search({ queries, topK: deep });
    const byVectors = await searchVectors(queries, deep);
    return queries.map((_, position) =>
      fuseRankings({ rankings: [byWords[position] ?? [], byVectors[position] ?? []], topK, k, weights }),
    );
  }

  return {
    kind,
    documents: store.size,
    ...(vectors && { encoder: vectors.encoder }),
    fingerprint: fingerprintIndex({ corpus: store.fingerprint, settings: { kind, ...settings } }),
    retrieve: (options) => answerQueries({ ...options, store, search: (queries) => search(queries, options.topK) }),
    async lookUp(ids) {
      const positions = await store.find(ids);
      const known = positions.filter((position) => position !== undefined);
      const documents = (await store.get(known)).values();
      return positions.map((position): Document | undefined =>
        position === undefined ? undefined : documents.next().value,
      );
    },
    async close() {
      await lexical?.close();
      await vectors?.index.close();
      await vectors?.encoder.close?.();
      await store.close();
    },
  };
}
