import { DatasetError } from '@dgpo/trajectory';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** A row of a parquet file. */
export interface ParquetRow {
  /** Columns by name; 64-bit integers are numbers, as in JSON. */
  value: unknown;
  /** `file: row 3`, counted from 1. */
  where: string;
}

/**
 * Streams the rows of a parquet file, a row group at a time.
 * @throws {DatasetError} for a missing or damaged file, and for an unknown encoding
 */
export async function* readParquetRows(path: string): AsyncGenerator<ParquetRow> {
  const source = await openParquet(path);
  let rowStart = 0;
  for (const group of source.metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await parquetReadObjects({ ...source, compressors, rowStart, rowEnd }).catch((cause: unknown) => {
      throw new DatasetError(`cannot read rows ${rowStart + 1} to ${rowEnd} (damaged, or an unknown encoding)`, {
        where: path,
        cause,
      });
    });
    for (const [index, row] of rows.entries()) {
      yield { value: withoutBigInt(row), where: `${path}: row ${rowStart + index + 1}` };
    }
    rowStart = rowEnd;
  }
}

async function openParquet(path: string) {
  try {
    const file = await asyncBufferFromFile(path);
    return { file, metadata: await parquetMetadataAsync(file) };
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new DatasetError(missing ? 'no such file' : 'is not a parquet file, or is damaged', { where: path, cause });
  }
}

/** Parquet has 64-bit integers; tasks are JSON. */
function withoutBigInt(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(withoutBigInt);
  if (typeof value !== 'object' || value === null || value.constructor !== Object) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutBigInt(member)]));
}
