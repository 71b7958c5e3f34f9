import { ConfigError } from '@dgpo/trajectory';
import { composeRetriever, describeVectors } from '../compose-retriever.js';
import type { Document, IndexedRetriever } from '../retriever.js';
import { createMemoryStore } from '../store/document-store.js';
import type { Encoder } from './encoder.js';
import type { VectorIndex } from './vector-index.js';

export interface VectorRetrieverOptions {
  documents: readonly Document[];
  encoder: Encoder;
  /** Holds the vector of each passage's `contents`, in corpus order, made by the same encoder. */
  index: VectorIndex;
}

/**
 * A retriever that encodes the query and asks a vector index. A query without any feature (a zero vector) gets an empty list.
 * @throws ConfigError when index, encoder and passages do not fit together.
 */
export function createVectorRetriever({ documents, encoder, index }: VectorRetrieverOptions): IndexedRetriever {
  if (index.size !== documents.length || index.dimension !== encoder.dimension) {
    throw new ConfigError(
      `the index (${index.size} vectors of ${index.dimension}) does not fit ${documents.length} passages and an encoder of ${encoder.dimension}`,
    );
  }
  const vectors = { encoder, index };
  return composeRetriever({
    kind: index.kind,
    settings: { vectors: describeVectors(vectors) },
    store: createMemoryStore(documents),
    vectors,
  });
}
