import { readFile, writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ConfigError, isDgpoError, RetrieverError } from '@dgpo/trajectory';
import { z } from 'zod';
import { requireTopK } from '../require-top-k.js';
import type { Match } from '../top-k.js';
import {
  type LanceConnection,
  type LanceLibrary,
  type LanceMetric,
  type LanceTable,
  lanceColumns,
  lanceRows,
  lanceSchema,
  requireLance,
} from './lance-library.js';
import { type LanceSettings, type ResolvedLanceSettings, resolveLanceSettings } from './lance-settings.js';
import { requireDimension, requireIndices, requireVectors } from './require-vectors.js';
import { searchWithTies } from './search-with-ties.js';
import { createSerializer } from './serialize.js';
import type { VectorIndex } from './vector-index.js';

export interface LanceSurroundings {
  /** Options of the object store such as `region` and `endpoint`; credentials come from the environment (`AWS_ACCESS_KEY_ID`, …). */
  storageOptions?: Record<string, string>;
}

export interface CreateLanceIndexOptions extends LanceSettings, LanceSurroundings {
  dimension: number;
  /** A folder for the tables, or a place in object storage such as `s3://bucket/path`, `gs://…` or `az://…`. */
  uri: string;
}

const pointerName = 'lance.json';
const pointerSchema = z.object({
  uri: z.string().min(1),
  table: z.string().min(1),
  length: z.number().int().nonnegative(),
});

/** Rows that go to a table at once. */
const rowsPerBatch = 16_384;
/** Indices that one delete names. */
const indicesPerDelete = 4_096;
/** Searches that run at once. */
const parallelSearches = 8;
/** Product quantisation of 8 bits trains on at least so many rows; fewer are scanned in no time. */
const rowsForIndex = 256;

const isRemote = (uri: string) => /^[a-z][a-z0-9+]+:\/\//.test(uri);
const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

/** The uri as the pointer in the directory names it: relative when it lies inside, so that the directory can be renamed. */
function pointTo(uri: string, directory: string): { uri: string; isInside: boolean } {
  if (isRemote(uri)) return { uri, isInside: false };
  const path = relative(resolve(directory), resolve(uri));
  const isInside = !isAbsolute(path) && path !== '..' && !path.startsWith(`..${sep}`);
  return { uri: isInside ? path.split(sep).join('/') || '.' : resolve(uri), isInside };
}

const product = (left: Float32Array, right: ArrayLike<number>) => {
  let sum = 0;
  for (let column = 0; column < left.length; column++) sum += (left[column] as number) * (right[column] as number);
  return sum;
};

/** @throws ConfigError unless every vector has length 1 or is zero. */
function requireUnitVectors(vectors: readonly Float32Array[]): void {
  for (const [position, vector] of vectors.entries()) {
    const squared = product(vector, vector);
    if (squared !== 0 && Math.abs(squared - 1) > 1e-2) {
      throw new ConfigError(
        `vector ${position} has length ${Math.sqrt(squared).toFixed(3)}; an hnsw-sq index takes vectors of length 1 (ivf-pq any)`,
      );
    }
  }
}

/** What the table has; null for none. */
async function findIndexType(table: LanceTable): Promise<'ivf-pq' | 'hnsw-sq' | null> {
  for (const { columns, indexType } of await table.listIndices()) {
    if (!columns.includes(lanceColumns.vector)) continue;
    return indexType.toLowerCase().includes('hnsw') ? 'hnsw-sq' : 'ivf-pq';
  }
  return null;
}

// LanceDB's inner product over scalar codes does not keep the order (recall near 0 in 0.30); the distance of unit vectors does.
const metricOf = (type: 'ivf-pq' | 'hnsw-sq' | null): LanceMetric => (type === 'hnsw-sq' ? 'l2' : 'dot');

async function wrapTable(options: {
  library: LanceLibrary;
  connection: LanceConnection;
  table: LanceTable;
  uri: string;
  dimension: number;
  length: number;
  settings: ResolvedLanceSettings;
}): Promise<VectorIndex> {
  const { library, connection, table, uri, dimension, settings } = options;
  const schema = lanceSchema(library, dimension);
  const serialize = createSerializer();
  const guarded = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      if (isDgpoError(cause)) throw cause;
      throw new RetrieverError(`LanceDB cannot ${what} (${reasonOf(cause)})`, { where: uri, cause });
    }
  };
  let { length } = options;
  let size = await table.countRows();
  let indexType = await findIndexType(table);
  let changed = false;
  let closed = false;

  async function fetch(query: Float32Array, limit: number): Promise<Match[]> {
    let search = table
      .vectorSearch(query)
      .column(lanceColumns.vector)
      .distanceType(metricOf(indexType))
      .limit(limit)
      .select([lanceColumns.index, lanceColumns.vector, '_distance']);
    if (indexType !== null) search = search.nprobes(settings.nprobes).refineFactor(settings.refineFactor);
    if (indexType === 'hnsw-sq' && settings.ef !== null) search = search.ef(Math.max(settings.ef, limit));
    const found = await search.toArrow();
    const indices = found.getChild(lanceColumns.index);
    const vectors = found.getChild(lanceColumns.vector);
    return Array.from({ length: found.numRows }, (_, row) => {
      // Scored again in float64: LanceDB's distance is 1 less the product in float32.
      const vector = vectors?.get(row) as { toArray(): Float32Array };
      return { index: Number(indices?.get(row)), score: product(query, vector.toArray()) };
    }).sort((left, right) => right.score - left.score || left.index - right.index);
  }

  async function buildIndex(): Promise<void> {
    const { index } = settings;
    if (index === null || indexType !== null || size < rowsForIndex) return;
    const { type, ...chosen } = index;
    const parameters = { ...chosen, distanceType: metricOf(type) };
    const config = type === 'ivf-pq' ? library.lance.Index.ivfPq(parameters) : library.lance.Index.hnswSq(parameters);
    await table.createIndex(lanceColumns.vector, { config, replace: true });
    indexType = type;
  }

  return {
    kind: 'lancedb',
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
      if (settings.index?.type === 'hnsw-sq') requireUnitVectors(vectors);
      await serialize(async () => {
        for (let start = 0; start < vectors.length; start += rowsPerBatch) {
          signal?.throwIfAborted();
          const batch = vectors.slice(start, start + rowsPerBatch);
          const rows = lanceRows(library, schema, { vectors: batch, first: length });
          changed = true;
          await guarded('add vectors', () => table.add(rows));
          length += batch.length;
          size += batch.length;
        }
      });
    },
    async delete({ indices }) {
      requireIndices(indices, length);
      await serialize(async () => {
        for (let start = 0; start < indices.length; start += indicesPerDelete) {
          const named = indices.slice(start, start + indicesPerDelete).join(', ');
          changed = true;
          await guarded('delete vectors', () => table.delete(`${lanceColumns.index} IN (${named})`));
        }
        size = await guarded('count its rows', () => table.countRows());
      });
    },
    async search({ vectors, topK }) {
      requireTopK(topK);
      requireVectors(vectors, dimension);
      const results: Match[][] = [];
      for (let start = 0; start < vectors.length; start += parallelSearches) {
        const group = vectors.slice(start, start + parallelSearches);
        const searches = group.map((query) => searchWithTies({ topK, size, fetch: (limit) => fetch(query, limit) }));
        results.push(...(await guarded('search', () => Promise.all(searches))));
      }
      return results;
    },
    save: (directory) =>
      serialize(async () => {
        const pointer = pointTo(uri, directory);
        await guarded('build its index', async () => {
          await buildIndex();
          // Joins small pieces and brings the index up to date. Older versions stay for other readers, unless the table is of this
          // directory alone.
          if (changed) await table.optimize(pointer.isInside ? { cleanupOlderThan: new Date() } : {});
          changed = false;
        });
        const text = JSON.stringify({ uri: pointer.uri, table: settings.table, length });
        await writeFile(join(directory, pointerName), `${text}\n`);
      }),
    async close() {
      if (closed) return;
      closed = true;
      await serialize(async () => {
        table.close();
        connection.close();
      });
    },
  };
}

async function connect(library: LanceLibrary, uri: string, { storageOptions }: LanceSurroundings) {
  try {
    return await library.lance.connect(uri, storageOptions === undefined ? {} : { storageOptions });
  } catch (cause) {
    throw new RetrieverError(`LanceDB cannot connect (${reasonOf(cause)})`, { where: uri, cause });
  }
}

/**
 * An index in LanceDB (optional packages `@lancedb/lancedb` and `apache-arrow`): on disk or in object storage, for corpora beyond
 * memory. Starts empty, as a new table. Searches are exact scans until `save` builds the approximate index of the settings; scores
 * are inner products of the full vectors in float64 either way. Rows are `{ index, vector }`.
 * @throws ConfigError when the packages are missing, for settings outside their range and when the table exists; RetrieverError when
 * LanceDB fails.
 */
export async function createLanceIndex({
  dimension,
  uri,
  storageOptions,
  ...options
}: CreateLanceIndexOptions): Promise<VectorIndex> {
  requireDimension(dimension);
  const settings = resolveLanceSettings(options);
  const library = requireLance();
  const connection = await connect(library, uri, { ...(storageOptions && { storageOptions }) });
  try {
    if ((await connection.tableNames()).includes(settings.table)) {
      throw new ConfigError(`there is a table ${settings.table} already; remove it or choose another name`, {
        where: uri,
      });
    }
    const table = await connection.createEmptyTable(settings.table, lanceSchema(library, dimension));
    return await wrapTable({ library, connection, table, uri, dimension, length: 0, settings });
  } catch (cause) {
    connection.close();
    if (isDgpoError(cause)) throw cause;
    throw new RetrieverError(`LanceDB cannot create the table (${reasonOf(cause)})`, { where: uri, cause });
  }
}

/** One more than the greatest index in the table, when rows were added after the pointer was written. */
async function findLength(table: LanceTable, known: number): Promise<number> {
  const newer = `${lanceColumns.index} >= ${known}`;
  if ((await table.countRows(newer)) === 0) return known;
  const rows = await table.query().where(newer).select([lanceColumns.index]).toArrow();
  const indices = rows.getChild(lanceColumns.index);
  let length = known;
  for (let row = 0; row < rows.numRows; row++) length = Math.max(length, Number(indices?.get(row)) + 1);
  return length;
}

/**
 * Opens the table that `lance.json` in the directory names; the table itself lies in the directory or elsewhere.
 * @throws ConfigError when the packages are missing; RetrieverError when `lance.json` or the table is missing, damaged or of another
 * dimension.
 */
export async function openLanceIndex({
  directory,
  dimension,
  settings: options = {},
  storageOptions,
}: {
  directory: string;
  dimension: number;
  settings?: LanceSettings;
} & LanceSurroundings): Promise<VectorIndex> {
  requireDimension(dimension);
  const library = requireLance();
  const path = join(directory, pointerName);
  let pointer: z.infer<typeof pointerSchema>;
  try {
    pointer = pointerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new RetrieverError('this file is missing or damaged; build the index anew', { where: path, cause });
  }
  const settings = resolveLanceSettings({ ...options, table: pointer.table });
  const uri = isRemote(pointer.uri) ? pointer.uri : resolve(directory, pointer.uri);
  const connection = await connect(library, uri, { ...(storageOptions && { storageOptions }) });
  try {
    const table = await connection.openTable(pointer.table);
    const found = (await table.schema()).fields.find(({ name }) => name === lanceColumns.vector)?.type;
    const { listSize } = (found ?? {}) as { listSize?: number };
    if (listSize !== dimension) {
      throw new RetrieverError(`the table ${pointer.table} holds vectors of ${listSize}, not of ${dimension}`, {
        where: uri,
      });
    }
    const length = await findLength(table, pointer.length);
    return await wrapTable({ library, connection, table, uri, dimension, length, settings });
  } catch (cause) {
    connection.close();
    if (isDgpoError(cause)) throw cause;
    throw new RetrieverError(`LanceDB cannot open the table ${pointer.table} (${reasonOf(cause)})`, {
      where: uri,
      cause,
    });
  }
}
