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
import { requireDimension, requireIndices, requireVectors } from './require-vectors.js';
import { searchWithTies } from './search-with-ties.js';
import { createSerializer } from './serialize.js';
import type { VectorIndex } from './vector-index.js';

export interface QdrantSettings {
  /**
   * Keep the full vectors of the collection on disk.
   * @default false
   */
  onDisk?: boolean;
  /**
   * Keep a byte a number in memory for the search; what it finds is scored again with the full vectors.
   * @default null
   */
  quantization?: 'int8' | null;
  /**
   * Compare with every vector instead of walking the graph.
   * @default false
   */
  exact?: boolean;
  /**
   * Candidates looked at in a search of the graph; null for the server's choice.
   * @default null
   */
  efSearch?: number | null;
}

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

const settingsSchema = z.strictObject({
  onDisk: z.boolean().default(false),
  quantization: z.literal('int8').nullable().default(null),
  exact: z.boolean().default(false),
  efSearch: z.number().int().positive().nullable().default(null),
});

const pointerName = 'qdrant.json';
const pointerSchema = z.object({
  url: z.string(),
  collection: z.string(),
  apiKeyEnv: z.string().exactOptional(),
  length: z.number().int().nonnegative(),
});

const pointId = z.number().int().nonnegative();
const foundSchema = z.object({ points: z.array(z.object({ id: pointId, score: z.number() })) });
const countSchema = z.object({ count: z.number().int().nonnegative() });
const scrollSchema = z.object({
  points: z.array(z.object({ id: pointId })),
  next_page_offset: pointId.nullish(),
});
const collectionSchema = z.object({
  config: z.object({ params: z.object({ vectors: z.object({ size: z.number(), distance: z.string() }) }) }),
});

/** About the bytes of one request; servers take 32 MiB by default. */
const bytesPerRequest = 8 << 20;
const bytesPerNumber = 22;
const indicesPerDelete = 10_000;
const parallelSearches = 8;

/** @throws ConfigError for settings outside their range. */
function resolveSettings(settings: QdrantSettings): z.infer<typeof settingsSchema> {
  const parsed = settingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigError(`a setting of Qdrant is wrong: ${issue?.path.join('.') || 'settings'}: ${issue?.message}`, {
    cause: parsed.error,
  });
}

function read<T>(schema: z.ZodType<T>, reply: unknown, { url }: QdrantPlace): T {
  const parsed = schema.safeParse(reply);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RetrieverError(`this is not an answer of Qdrant (${issue?.path.join('.')}: ${issue?.message})`, {
    where: url,
    cause: parsed.error,
  });
}

const countPoints = async ({ call, place }: QdrantConnection) => {
  const reply = await call('count its points', (client, collection) => client.count(collection, { exact: true }));
  return read(countSchema, reply, place).count;
};

/** Whether the collection is there. @throws RetrieverError when it is of another dimension or distance. */
async function checkCollection({ call, place }: QdrantConnection, dimension: number): Promise<boolean> {
  const where = `${place.url}/collections/${place.collection}`;
  let reply: unknown;
  try {
    reply = await call('describe the collection', (client, collection) => client.getCollection(collection));
  } catch (error) {
    if (refusalStatus(error) === 404) return false;
    throw error;
  }
  const parsed = collectionSchema.safeParse(reply);
  if (!parsed.success) {
    throw new RetrieverError('the collection does not hold one unnamed vector a point; choose another', { where });
  }
  const { size, distance } = parsed.data.config.params.vectors;
  if (size !== dimension || distance !== 'Dot') {
    throw new RetrieverError(
      `the collection is of ${size} numbers by ${distance}, not of ${dimension} by Dot; choose another`,
      { where },
    );
  }
  return true;
}

async function wrapCollection({
  connection,
  dimension,
  settings,
  ...state
}: {
  connection: QdrantConnection;
  dimension: number;
  settings: z.infer<typeof settingsSchema>;
  length: number;
  size: number;
}): Promise<VectorIndex> {
  const { call, place } = connection;
  const serialize = createSerializer();
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
    const { points } = read(foundSchema, reply, place);
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
      await serialize(async () => {
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
      await serialize(async () => {
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
      serialize(() => writeFile(join(directory, pointerName), `${JSON.stringify({ ...place, length })}\n`)),
    async close() {
      await serialize(async () => undefined);
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
  const settings = resolveSettings(options);
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

/** One more than the greatest id, when points were added after the pointer was written. */
async function findLength({ call, place }: QdrantConnection, known: number): Promise<number> {
  let length = known;
  for (let offset: number | null | undefined = known; offset !== null && offset !== undefined; ) {
    const page: Record<string, unknown> = { offset, limit: 10_000, with_payload: false, with_vector: false };
    const reply = await call('list its points', (client, collection) => client.scroll(collection, page));
    const { points, next_page_offset }: z.infer<typeof scrollSchema> = read(scrollSchema, reply, place);
    for (const { id } of points) length = Math.max(length, id + 1);
    offset = next_page_offset;
  }
  return length;
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
    settings: resolveSettings(settings),
    length: await findLength(connection, length),
    size: await countPoints(connection),
  });
}
