import { z } from 'zod';
import { type HnswSurroundings, openHnswIndex } from '../hnsw/hnsw-index.js';
import type { IndexSettings } from '../index-settings.js';
import { openFlatIndex } from './flat-index.js';
import { openLanceIndex } from './lance-index.js';
import type { LanceSettings } from './lance-settings.js';
import { openQdrantIndex } from './qdrant-index.js';
import type { QdrantSettings } from './qdrant-settings.js';
import type { VectorIndex } from './vector-index.js';

export interface VectorSurroundings extends Pick<HnswSurroundings, 'logger' | '_internal'> {
  /**
   * Where the key of a Qdrant server is looked up.
   * @default process.env
   */
  environment?: Readonly<Record<string, string | undefined>>;
  /**
   * The variable that holds the key of a Qdrant server.
   * @default the one named in the index, where its name begins with QDRANT_
   */
  qdrantApiKeyEnv?: string;
}

const flatSettingsSchema = z.object({
  precision: z.enum(['float32', 'int8']).exactOptional(),
  rescore: z.number().exactOptional(),
});
const hnswSettingsSchema = z.object({
  m: z.number(),
  efConstruction: z.number(),
  efSearch: z.number(),
  seed: z.number(),
  length: z.number().exactOptional(),
  deleted: z.number().exactOptional(),
});

/** Opens the vectors of an index directory. @throws when the settings or the files are damaged. */
export async function openVectorIndex({
  directory,
  vectors: { kind, dimension, index: settings },
  logger,
  environment,
  qdrantApiKeyEnv,
  _internal,
}: VectorSurroundings & {
  directory: string;
  vectors: NonNullable<IndexSettings['vectors']>;
}): Promise<VectorIndex> {
  const shared = { directory, dimension };
  switch (kind) {
    case 'flat':
      // Who chose int8 wants the memory; the few vectors that are scored again come from the file.
      return openFlatIndex({ ...shared, settings: flatSettingsSchema.parse(settings), rescoreFrom: 'disk' });
    case 'hnsw':
      return openHnswIndex({
        ...shared,
        settings: hnswSettingsSchema.parse(settings),
        ...(logger && { logger }),
        ...(_internal && { _internal }),
      });
    // LanceDB and Qdrant check their settings themselves.
    case 'lancedb':
      return openLanceIndex({ ...shared, settings: settings as LanceSettings });
    case 'qdrant':
      return openQdrantIndex({
        ...shared,
        settings: settings as QdrantSettings,
        ...(environment && { environment }),
        ...(qdrantApiKeyEnv !== undefined && { apiKeyEnv: qdrantApiKeyEnv }),
      });
  }
}
