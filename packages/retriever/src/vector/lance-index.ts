import { ConfigError, isDgpoError, RetrieverError } from '@dgpo/trajectory';
import { type LanceLibrary, type LanceTable, lanceColumns, lanceSchema, requireLance } from './lance-library.js';
import { readPointer } from './lance-pointer.js';
import { type LanceSettings, resolveLanceSettings } from './lance-settings.js';
import { reasonOf, wrapLanceTable } from './lance-table.js';
import { requireDimension } from './require-vectors.js';
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
    return await wrapLanceTable({ library, connection, table, uri, dimension, length: 0, settings });
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
  const pointer = await readPointer(directory);
  const { uri } = pointer;
  const settings = resolveLanceSettings({ ...options, table: pointer.table });
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
    return await wrapLanceTable({ library, connection, table, uri, dimension, length, settings });
  } catch (cause) {
    connection.close();
    if (isDgpoError(cause)) throw cause;
    throw new RetrieverError(`LanceDB cannot open the table ${pointer.table} (${reasonOf(cause)})`, {
      where: uri,
      cause,
    });
  }
}
