import { setImmediate } from 'node:timers/promises';
import { ConfigError } from '@dgpo/trajectory';
import type { Bm25Settings } from './bm25/bm25-index.js';
import { createBm25Retriever } from './bm25/bm25-retriever.js';
import { createHnswIndex, type HnswSurroundings } from './hnsw/hnsw-index.js';
import type { HnswSettings } from './hnsw/hnsw-settings.js';
import type { Document, IndexedRetriever } from './retriever.js';
import type { Encoder } from './vector/encoder.js';
import { createFlatIndex } from './vector/flat-index.js';
import { createHashedEncoder } from './vector/hashed-encoder.js';
import { createVectorRetriever } from './vector/vector-retriever.js';

export interface CreateRetrieverOptions {
  documents: readonly Document[];
  /**
   * `bm25` finds by words, `flat` by vectors exactly, `hnsw` by vectors approximately (flat without `hnswlib-node`).
   * @default 'bm25'
   */
  kind?: 'bm25' | 'flat' | 'hnsw';
  /** For kind `bm25`. */
  bm25?: Bm25Settings;
  /** For kind `hnsw`. */
  hnsw?: HnswSettings;
  /**
   * For kinds `flat` and `hnsw`.
   * @default the hashed encoder, fitted to the passages
   */
  encoder?: Encoder;
  /** Gets notices such as a missing optional dependency. */
  logger?: HnswSurroundings['logger'];
  /** Told how far the work of the named step is. */
  onProgress?: (progress: { step: 'encode' | 'graph'; done: number; total: number }) => void;
  /** Ends the work early with the signal's reason. */
  signal?: AbortSignal;
}

const textsPerTurn = 256;

/**
 * Builds an index of the chosen kind over passages in memory.
 * @throws ConfigError for settings outside their range and when there are no passages.
 */
export async function createRetriever({
  documents,
  kind = 'bm25',
  bm25,
  hnsw,
  encoder,
  logger,
  onProgress,
  signal,
}: CreateRetrieverOptions): Promise<IndexedRetriever> {
  signal?.throwIfAborted();
  if (documents.length === 0) throw new ConfigError('a retriever needs at least one passage');
  if (kind === 'bm25') return createBm25Retriever({ documents, ...bm25 });
  if (kind !== 'flat' && kind !== 'hnsw') {
    throw new ConfigError(`the kind of index must be bm25, flat or hnsw, not ${JSON.stringify(kind)}`);
  }
  const texts = documents.map(({ contents }) => contents);
  const chosen = encoder ?? createHashedEncoder().fit(texts);
  const vectors: Float32Array[] = [];
  for (let start = 0; start < texts.length; start += textsPerTurn) {
    vectors.push(...(await chosen.encode(texts.slice(start, start + textsPerTurn), 'passage')));
    onProgress?.({ step: 'encode', done: vectors.length, total: texts.length });
    await setImmediate();
    signal?.throwIfAborted();
  }
  const dimension = chosen.dimension;
  const index =
    kind === 'flat'
      ? createFlatIndex({ dimension })
      : await createHnswIndex({
          dimension,
          capacity: vectors.length,
          ...hnsw,
          ...(logger && { logger }),
          onProgress: (progress) => onProgress?.({ step: 'graph', ...progress }),
        });
  await index.add({ vectors, ...(signal && { signal }) });
  return createVectorRetriever({ documents, encoder: chosen, index });
}
