import { ConfigError } from '@dgpo/trajectory';
import { answerQueries } from '../answer-queries.js';
import { fingerprintCorpus, fingerprintIndex } from '../corpus/fingerprint.js';
import type { Document, IndexedRetriever } from '../retriever.js';
import { writeIndexDirectory } from '../store/index-directory.js';
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
  if (index.length !== documents.length || index.dimension !== encoder.dimension) {
    throw new ConfigError(
      `the index (${index.length} vectors of ${index.dimension}) does not fit ${documents.length} passages and an encoder of ${encoder.dimension}`,
    );
  }
  const { kind } = index;
  const settings = { dimension: index.dimension, index: { ...index.settings }, encoder: { ...encoder.settings } };
  const corpusFingerprint = fingerprintCorpus(documents);
  const fingerprint = fingerprintIndex({ corpus: corpusFingerprint, settings: { kind, ...settings } });
  return {
    kind,
    documents: documents.length,
    fingerprint,
    retrieve: (options) =>
      answerQueries({
        ...options,
        documents,
        async search(queries) {
          const vectors = await encoder.encode(queries, 'query');
          const matches = await index.search({ vectors, topK: options.topK });
          return matches.map((list, position) => (vectors[position]?.some((entry) => entry !== 0) ? list : []));
        },
      }),
    save: (directory) =>
      writeIndexDirectory({
        directory,
        kind,
        settings,
        fingerprint,
        documents,
        corpusFingerprint,
        async writeFiles(target) {
          await index.save(target);
          await encoder.save(target);
        },
      }),
    close: () => index.close(),
  };
}
