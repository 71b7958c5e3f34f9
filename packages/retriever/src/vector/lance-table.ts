import { ConfigError, isDgpoError, RetrieverError } from '@dgpo/trajectory';
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
} from './lance-library.js';
import { pathInside, writePointer } from './lance-pointer.js';
import type { ResolvedLanceSettings } from './lance-settings.js';
import { requireIndices, requireVectors } from './require-vectors.js';
import { searchWithTies } from './search-with-ties.js';
import { createTurns } from './take-turns.js';
import type { VectorIndex } from './vector-index.js';

/** Rows that go to a table at once. */
const rowsPerBatch = 16_384;
/** Indices that one delete names. */
const indicesPerDelete = 4_096;
/** Searches that run at once. */
const parallelSearches = 8;
/** Product quantisation of 8 bits trains on at least so many rows; fewer are scanned in no time. */
const rowsForIndex = 256;

export const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

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

/** The index over an open table. */
export async function wrapLanceTable(options: {
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
  const turns = createTurns();
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
      await turns.take(async () => {
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
      await turns.take(async () => {
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
      turns.take(async () => {
        await guarded('build its index', async () => {
          await buildIndex();
          // Joins small pieces and brings the index up to date. Older versions stay for other readers, unless the table is of this
          // directory alone.
          const isOwn = pathInside(uri, directory) !== null;
          if (changed) await table.optimize(isOwn ? { cleanupOlderThan: new Date() } : {});
          changed = false;
        });
        await writePointer(directory, { uri, table: settings.table, length });
      }),
    async close() {
      if (closed) return;
      closed = true;
      await turns.take(async () => {
        table.close();
        connection.close();
      });
    },
  };
}
