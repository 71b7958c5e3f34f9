import { DatasetError } from '@dgpo/trajectory';
import { type AsyncBuffer, asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetScan } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Document } from '../retriever.js';
import { corpusFileError } from './corpus-file-error.js';
import type { RejectPassage } from './invalid-passages.js';
import { type CorpusFields, resolveFields, toDocument } from './record-fields.js';

export interface ReadParquetCorpusOptions {
  path: string;
  fields?: CorpusFields | undefined;
  reject: RejectPassage;
  signal?: AbortSignal | undefined;
}

/** What one row group may take in memory; writers stay far below. */
const maxGroupBytes = 2 ** 31;

async function openParquet(path: string): Promise<{ file: AsyncBuffer; metadata: FileMetaData }> {
  let file: AsyncBuffer;
  try {
    file = await asyncBufferFromFile(path);
  } catch (cause) {
    throw corpusFileError(path, cause);
  }
  try {
    return { file, metadata: await parquetMetadataAsync(file) };
  } catch (cause) {
    throw new DatasetError('this is not a parquet file, or it is damaged', { where: path, cause });
  }
}

/** The columns to read, among those at the top of the schema. */
function chooseColumns({ schema }: FileMetaData, path: string, fields: CorpusFields | undefined) {
  const present: string[] = [];
  // The schema is a tree in depth-first order; the columns are the children of its root.
  for (let index = 1; index < schema.length; ) {
    present.push(schema[index]?.name ?? '');
    let pending = 1;
    for (; pending > 0 && index < schema.length; index++) pending += (schema[index]?.num_children ?? 0) - 1;
  }
  const resolved = resolveFields({ present, form: 'auto', fields });
  const columns = 'contents' in resolved ? [resolved.id, resolved.contents] : [resolved.id, resolved.text];
  const missing = columns.filter((name) => !present.includes(name));
  if (missing.length > 0) {
    throw new DatasetError(
      `there is no column ${missing.map((name) => JSON.stringify(name)).join(' and no ')} ` +
        `(columns: ${present.join(', ')}); name the columns of ids and contents, or of ids, titles and texts`,
      { where: path },
    );
  }
  if ('title' in resolved && present.includes(resolved.title)) columns.push(resolved.title);
  return { resolved, columns };
}

/** A damaged footer must not make anyone allocate what the file cannot hold. */
function checkSizes({ row_groups: groups }: FileMetaData, columns: readonly string[], file: AsyncBuffer, path: string) {
  for (const [index, group] of groups.entries()) {
    let bytes = 0;
    for (const { meta_data: column } of group.columns) {
      const name = column?.path_in_schema[0];
      if (column === undefined || name === undefined || !columns.includes(name)) continue;
      const start = Number(column.dictionary_page_offset ?? column.data_page_offset);
      const end = start + Number(column.total_compressed_size);
      if (!(start >= 0 && end >= start && end <= file.byteLength) || group.num_rows > column.num_values) {
        throw new DatasetError(`row group ${index} lies outside the file: it is truncated or damaged`, { where: path });
      }
      bytes += Number(column.total_uncompressed_size);
    }
    if (bytes > maxGroupBytes) {
      throw new DatasetError(`row group ${index} takes ${bytes} bytes (at most 2 GiB); write smaller row groups`, {
        where: path,
      });
    }
  }
}

async function planScan(path: string, fields: CorpusFields | undefined) {
  const { file, metadata } = await openParquet(path);
  try {
    const { resolved, columns } = chooseColumns(metadata, path, fields);
    checkSizes(metadata, columns, file, path);
    return { resolved, columns, scan: await parquetScan({ file, metadata, columns, compressors }) };
  } catch (cause) {
    // A damaged footer may parse and yet lack any field its types promise.
    if (cause instanceof DatasetError) throw cause;
    throw new DatasetError('the description of the columns is damaged', { where: path, cause });
  }
}

/**
 * Streams the passages of a parquet file, row group by row group; only the columns of the passages are read.
 * @throws DatasetError for a missing or damaged file and one without the columns; rows that are no passages go to `reject`.
 */
export async function* readParquetCorpus(options: ReadParquetCorpusOptions): AsyncGenerator<Document> {
  const { path, fields, reject, signal } = options;
  const { resolved, columns, scan } = await planScan(path, fields);
  for (const range of scan.ranges) {
    signal?.throwIfAborted();
    const rows = range.rowEnd - range.rowStart;
    const values: Record<string, ArrayLike<unknown>> = {};
    for (const column of columns) {
      let read: ArrayLike<unknown>;
      try {
        read = await scan.readColumn({ column, ...range });
      } catch (cause) {
        const shown = `${range.rowStart + 1} to ${range.rowEnd}`;
        throw new DatasetError(`rows ${shown} of ${column} cannot be read (damaged, or an unknown encoding)`, {
          where: path,
          cause,
        });
      }
      if (read.length !== rows) {
        throw new DatasetError(`${column} has ${read.length} values instead of ${rows}: the file is damaged`, {
          where: path,
        });
      }
      values[column] = read;
    }
    for (let row = 0; row < rows; row++) {
      const record = Object.fromEntries(columns.map((column) => [column, values[column]?.[row]]));
      const document = toDocument(record, resolved);
      if (typeof document === 'string') reject(`${path}: row ${range.rowStart + row + 1}`, document);
      else yield document;
    }
  }
}
