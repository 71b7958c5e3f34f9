import { setImmediate } from 'node:timers/promises';
import { ConfigError } from '@dgpo/trajectory';
import { createLexicalIndex } from './bm25/bm25-retriever.js';
import { type BuildIndexOptions, buildIndex } from './build-index.js';
import { composeRetriever, describeVectors, type RetrieverParts } from './compose-retriever.js';
import { type IndexSettings, resolveHybridSettings } from './index-settings.js';
import type { Document, IndexKind, MemoryRetriever } from './retriever.js';
import { createMemoryStore } from './store/document-store.js';
import { createVectorIndex } from './vector/create-vector-index.js';
import { createHashedEncoder } from './vector/hashed-encoder.js';

export interface CreateRetrieverOptions
  extends Pick<BuildIndexOptions, 'bm25' | 'vectors' | 'fusion' | 'encoder' | 'logger' | 'onProgress' | 'signal'> {
  documents: readonly Document[];
  /**
   * See {@link IndexKind}. Without `hnswlib-node`, `hnsw` becomes `flat`.
   * @default 'bm25'
   */
  kind?: Exclude<IndexKind, 'lancedb' | 'qdrant'>;
}

const textsPerTurn = 256;

/**
 * Builds an index of the chosen kind over passages in memory. For what does not fit, use {@link buildIndex}.
 * @throws ConfigError for settings outside their range and when there are no passages.
 */
export async function createRetriever(options: CreateRetrieverOptions): Promise<MemoryRetriever> {
  const { documents, kind = 'bm25', bm25, vectors = {}, fusion, encoder, logger, onProgress, signal } = options;
  signal?.throwIfAborted();
  if (documents.length === 0) throw new ConfigError('a retriever needs at least one passage');
  if (!['bm25', 'flat', 'hnsw', 'hybrid'].includes(kind)) {
    const given = JSON.stringify(kind);
    throw new ConfigError(`the kind of an index in memory must be bm25, flat, hnsw or hybrid, not ${given}`);
  }
  const settings: IndexSettings = {};
  const parts: Pick<RetrieverParts, 'lexical' | 'vectors'> = {};
  if (kind === 'bm25' || kind === 'hybrid') {
    parts.lexical = createLexicalIndex({ documents, ...bm25 });
    settings.bm25 = parts.lexical.settings;
  }
  if (kind !== 'bm25') {
    const total = documents.length;
    const chosen = encoder ?? createHashedEncoder().fit(documents.map(({ contents }) => contents));
    const index = await createVectorIndex({
      ...vectors,
      kind: kind === 'hybrid' ? (vectors.kind ?? 'hnsw') : kind,
      dimension: chosen.dimension,
      capacity: total,
      ...(logger && { logger }),
    });
    for (let start = 0; start < total; start += textsPerTurn) {
      const texts = documents.slice(start, start + textsPerTurn).map(({ contents }) => contents);
      await index.add({ vectors: await chosen.encode(texts, 'passage') });
      onProgress?.({ step: 'index', done: index.length, total });
      await setImmediate();
      signal?.throwIfAborted();
    }
    settings.vectors = describeVectors({ encoder: chosen, index });
    parts.vectors = { encoder: chosen, index };
  }
  if (kind === 'hybrid') settings.fusion = resolveHybridSettings(fusion);
  const found = kind === 'hybrid' || parts.vectors === undefined ? kind : parts.vectors.index.kind;
  return {
    ...composeRetriever({ kind: found, settings, store: createMemoryStore(documents), ...parts }),
    async save(directory) {
      await buildIndex({ ...options, directory, ...(parts.vectors && { encoder: parts.vectors.encoder }) });
    },
  };
}
