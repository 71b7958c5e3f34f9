import { join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { createHnswIndex } from '../hnsw/hnsw-index.js';
import type { HnswSettings } from '../hnsw/hnsw-settings.js';
import { createFlatIndex, type FlatSettings } from './flat-index.js';
import { type CreateLanceIndexOptions, createLanceIndex } from './lance-index.js';
import { type CreateQdrantIndexOptions, createQdrantIndex } from './qdrant-index.js';
import type { VectorIndex } from './vector-index.js';

export interface VectorIndexOptions {
  /**
   * Where the vectors of a hybrid index lie.
   * @default 'hnsw'
   */
  kind?: VectorIndex['kind'];
  flat?: FlatSettings;
  hnsw?: HnswSettings;
  /** `uri` is a local directory or an address in object storage; without one the table lies in the index directory. */
  lancedb?: Partial<Omit<CreateLanceIndexOptions, 'dimension'>>;
  /** Required for kind `qdrant`. */
  qdrant?: Omit<CreateQdrantIndexOptions, 'dimension'>;
}

/** Where the table of a LanceDB index lies within the index directory. */
const lanceName = 'lance';

/**
 * An empty vector index of the chosen kind.
 * @throws ConfigError for settings outside their range, or missing ones.
 */
export async function createVectorIndex({
  kind = 'hnsw',
  dimension,
  capacity,
  directory,
  flat,
  hnsw,
  lancedb,
  qdrant,
  logger,
}: VectorIndexOptions & {
  dimension: number;
  /** How many vectors are going to be added. */
  capacity: number;
  /** The index directory that is being written; none for an index in memory. */
  directory?: string;
  logger?: (message: string) => void;
}): Promise<VectorIndex> {
  switch (kind) {
    case 'flat':
      return createFlatIndex({ dimension, ...flat });
    case 'hnsw':
      return createHnswIndex({ dimension, capacity, ...hnsw, ...(logger && { logger }) });
    case 'lancedb': {
      const uri = lancedb?.uri ?? (directory === undefined ? undefined : join(directory, lanceName));
      if (uri === undefined) throw new ConfigError('a LanceDB index needs a uri');
      return createLanceIndex({ dimension, ...lancedb, uri });
    }
    case 'qdrant':
      if (qdrant === undefined) throw new ConfigError('a Qdrant index needs the url of the server and a collection');
      return createQdrantIndex({ dimension, ...qdrant });
  }
}
