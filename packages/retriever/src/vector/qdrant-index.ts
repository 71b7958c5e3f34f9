import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, RetrieverError } from '@dgpo/trajectory';
import { z } from 'zod';
import { requireTopK } from '../require-top-k.js';
import type { Match } from '../top-k.js';
import {
  connectQdrant,
  type QdrantConnection,
  type QdrantPlace,
  type QdrantSurroundings,
  refusalStatus,
} from './qdrant-client.js';
import { checkCollection, countPoints, findLength, foundSchema, readReply } from './qdrant-collection.js';
import { type QdrantSettings, type ResolvedQdrantSettings, resolveQdrantSettings } from './qdrant-settings.js';
import { requireDimension, requireIndices, requireVectors } from './require-vectors.js';
import { searchWithTies } from './search-with-ties.js';
import { createTurns } from './take-turns.js';
import type { VectorIndex } from './vector-index.js';

export interface CreateQdrantIndexOptions extends QdrantSettings, QdrantPlace, QdrantSurroundings {
  dimension: number;
}

export interface OpenQdrantIndexOptions extends QdrantSurroundings {
  directory: string;
  dimension: number;
  settings?: QdrantSettings;
  /** As for {@link createQdrantIndex}; without it the name in the directory is used when it begins with QDRANT_. */
  apiKeyEnv?: string;
}

const pointerName = 'qdrant.json';
const pointerSchema = z.object({
  url: z.string(),
  collection: z.string(),
  apiKeyEnv: z.string().exactOptional(),
  length: z.number().int().nonnegative(),
});

/** About the bytes of one request; servers take 32 MiB by default. */
const bytesPerRequest = 8 << 20;
const bytesPerNumber = 22;
const indicesPerDelete = 10_000;
const parallelSearches = 8;

async function wrapCollection({
  connection,
  dimension,
  settings,
  ...state
}: {
  connection: QdrantConnection;
  dimension: number;
  settings: ResolvedQdrantSettings;
  length: number;
  size: number;
}): Promise<VectorIndex> {
  const { call, place } = connection;
  const turns = createTurns();
  const pointsPerRequest = Math.max(1, Math.min(1_000, Math.floor(bytesPerRequest / (bytesPerNumber * dimension))));
  const parameters = {
    exact: settings.exact,
    ...(settings.efSearch !== null && { hnsw_ef: settings.efSearch }),
    ...(settings.quantization !== null && { quantization: { rescore: true, oversampling: 2 } }),
  };
  let { length, size } = state;

  async function fetch(query: readonly number[], limit: number): Promise<Match[]> {
    const request = { query, limit, params: parameters, with_payload: false, with_vector: false };
    const reply = await call('search', (client, collection) => client.query(collection, request));
    const { points } = readReply(foundSchema, reply, place);
    return points.map(({ id, score }) => ({ index: id, score }));
  }

  return {
    kind: 'qdrant',
    get size() {
      return size;
    },
    get length() {
      return length;
    },
    dimension,
    settings,
    async add({ vectors, signal }) {
      signal?.throwIfAborted();
      requireVectors(vectors, dimension);
      await turns.take(async () => {
        for (let start = 0; start < vectors.length; start += pointsPerRequest) {
          signal?.throwIfAborted();
          const rows = vectors.slice(start, start + pointsPerRequest).map((vector) => Array.from(vector));
          const ids = rows.map((_, row) => length + row);
          const batch = { ids, vectors: rows };
          await call('add vectors', (client, collection) => client.upsert(collection, { wait: true, batch }));
          length += rows.length;
          size += rows.length;
        }
      });
    },
    async delete({ indices }) {
      requireIndices(indices, length);
      await turns.take(async () => {
        for (let start = 0; start < indices.length; start += indicesPerDelete) {
          const points = indices.slice(start, start + indicesPerDelete);
          await call('delete vectors', (client, collection) => client.delete(collection, { wait: true, points }));
        }
        if (indices.length > 0) size = await countPoints(connection);
      });
    },
    async search({ vectors, topK }) {
      requireTopK(topK);
      requireVectors(vectors, dimension);
      const results: Match[][] = [];
      for (let start = 0; start < vectors.length; start += parallelSearches) {
        const searches = vectors.slice(start, start + parallelSearches).map((vector) => {
          const query = Array.from(vector);
          return searchWithTies({ topK, size, fetch: (limit) => fetch(query, limit) });
        });
        results.push(...(await Promise.all(searches)));
      }
      return results;
    },
    save: (directory) =>
      turns.take(() => writeFile(join(directory, pointerName), `${JSON.stringify({ ...place, length })}\n`)),
    async close() {
      await turns.take(async () => undefined);
    },
  };
}

/**
 * An index in Qdrant, for clusters (optional package `@qdrant/js-client-rest`): a collection with distance Dot whose points have the
 * index as id and no payload. Starts empty: makes the collection, or takes one that is there when it is empty.
 * @throws ConfigError when the package or the key is missing and for settings outside their range; RetrieverError when the
 * collection is of another dimension or not empty, and when the server does not answer or refuses.
 */
export async function createQdrantIndex({
  dimension,
  url,
  collection,
  apiKeyEnv,
  environment,
  timeout,
  retries,
  backoff,
  ...options
}: CreateQdrantIndexOptions): Promise<VectorIndex> {
  requireDimension(dimension);
  const settings = resolveQdrantSettings(options);
  const connection = await connectQdrant({
    url,
    collection,
    ...(apiKeyEnv !== undefined && { apiKeyEnv }),
    ...(environment !== undefined && { environment }),
    ...(timeout !== undefined && { timeout }),
    ...(retries !== undefined && { retries }),
    ...(backoff !== undefined && { backoff }),
  });
  if (!(await checkCollection(connection, dimension))) {
    const shape = {
      vectors: { size: dimension, distance: 'Dot', on_disk: settings.onDisk },
      ...(settings.quantization !== null && {
        quantization_config: { scalar: { type: settings.quantization, always_ram: true } },
      }),
    };
    try {
      await connection.call('create the collection', (client) => client.createCollection(collection, shape));
    } catch (error) {
      // An attempt whose answer was lost has made it.
      if (refusalStatus(error) !== 409) throw error;
    }
    await checkCollection(connection, dimension);
  }
  const size = await countPoints(connection);
  if (size > 0) {
    throw new RetrieverError(
      `the collection holds ${size} points already; choose another name, or delete the collection first`,
      { where: `${url}/collections/${collection}` },
    );
  }
  return wrapCollection({ connection, dimension, settings, length: 0, size });
}

/**
 * Opens the collection that `qdrant.json` in the directory names.
 * @throws ConfigError as {@link createQdrantIndex}, and when the directory names a variable for the key that does not begin with
 * QDRANT_ (a foreign directory must not choose which secret is sent); RetrieverError when `qdrant.json` is missing or damaged, and
 * when the collection is missing or of another dimension.
 */
export async function openQdrantIndex({
  directory,
  dimension,
  settings = {},
  apiKeyEnv,
  ...surroundings
}: OpenQdrantIndexOptions): Promise<VectorIndex> {
  requireDimension(dimension);
  const path = join(directory, pointerName);
  let pointer: z.infer<typeof pointerSchema>;
  try {
    pointer = pointerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new RetrieverError('this file is missing or damaged; build the index anew', { where: path, cause });
  }
  const { url, collection, length } = pointer;
  const keyName = apiKeyEnv ?? pointer.apiKeyEnv;
  if (apiKeyEnv === undefined && keyName !== undefined && !keyName.startsWith('QDRANT_')) {
    throw new ConfigError(`this index wants the key in ${keyName}; confirm it with the option apiKeyEnv`, {
      where: path,
    });
  }
  const place = { url, collection, ...(keyName !== undefined && { apiKeyEnv: keyName }) };
  const connection = await connectQdrant({ ...place, ...surroundings });
  if (!(await checkCollection(connection, dimension))) {
    throw new RetrieverError('there is no such collection; build the index anew', {
      where: `${url}/collections/${collection}`,
    });
  }
  return wrapCollection({
    connection,
    dimension,
    settings: resolveQdrantSettings(settings),
    length: await findLength(connection, length),
    size: await countPoints(connection),
  });
}
