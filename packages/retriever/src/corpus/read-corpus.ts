import { join } from 'node:path';
import { ConfigError, DatasetError } from '@dgpo/trajectory';
import type { Document } from '../retriever.js';
import { type CorpusFormat, findCorpus } from './find-corpus.js';
import { createRejectPassage, type InvalidPassage } from './invalid-passages.js';
import { readJsonCorpus } from './read-json-corpus.js';
import { readParquetCorpus } from './read-parquet-corpus.js';
import { type ChunkingOptions, readTextCorpus } from './read-text-corpus.js';
import type { CorpusFields } from './record-fields.js';

export interface ReadCorpusOptions {
  /**
   * A JSONL file (also `.gz` or `.zst`), a `.parquet` file, a `.txt`, `.md` or `.markdown` file, or a folder: of BEIR (with a
   * `corpus.jsonl`), of parquet files, or of text files at any depth.
   */
  path: string;
  /**
   * `jsonl`: `{"id", "contents"}` a line, as FlashRAG and Search-R1 use it. `beir`: `{"_id", "title", "text"}` a line. `parquet`: the
   * columns of either. `text`: plain text and Markdown, cut into passages. `auto` goes by the extension and the first record.
   * @default 'auto'
   */
  format?: CorpusFormat;
  /** Names of fields or columns where they differ. */
  fields?: CorpusFields;
  /** How text is cut into passages. */
  chunking?: ChunkingOptions;
  /**
   * Leave out lines and rows that are no passages instead of ending with an error. Damaged files are always an error.
   * @default false
   */
  skipInvalid?: boolean;
  /** Told of each passage that `skipInvalid` leaves out. */
  onInvalid?: (invalid: InvalidPassage) => void;
  /**
   * Bytes of the longest line.
   * @default 16777216
   */
  maxLineBytes?: number;
  /** Ends the work early with the signal's reason. */
  signal?: AbortSignal;
}

const formats: readonly CorpusFormat[] = ['auto', 'jsonl', 'beir', 'parquet', 'text'];

/**
 * Streams the passages of a corpus; memory does not grow with it. Blank lines are skipped; a numeric id becomes a string; title and
 * text apart become contents with the title in double quotes on the first line.
 * @throws DatasetError that names `file:line` (or the row) for what is no passage, and for missing, truncated and damaged files.
 * @throws ConfigError for options outside their range, and when a text is to be cut by tokens without `gpt-tokenizer`.
 */
export async function* readCorpus(options: ReadCorpusOptions): AsyncGenerator<Document> {
  const { path, format = 'auto', fields, chunking, skipInvalid, onInvalid, maxLineBytes = 1 << 24, signal } = options;
  if (!formats.includes(format)) {
    throw new ConfigError(`this is one of ${formats.join(', ')}, not ${JSON.stringify(format)}`, { where: 'format' });
  }
  if (!Number.isSafeInteger(maxLineBytes) || maxLineBytes < 1) {
    throw new ConfigError(`a positive integer is needed, not ${maxLineBytes}`, { where: 'maxLineBytes' });
  }
  const reject = createRejectPassage({ skipInvalid, onInvalid });
  signal?.throwIfAborted();
  const found = await findCorpus(path, format);
  if (found.format === 'records') {
    yield* readJsonCorpus({ path: found.path, form: found.form, fields, maxLineBytes, reject, signal });
  } else if (found.format === 'text') {
    yield* readTextCorpus({ folder: found.folder, names: found.names, chunking, maxLineBytes, reject, signal });
  } else {
    for await (const name of found.names) {
      yield* readParquetCorpus({ path: join(found.folder, name), fields, reject, signal });
    }
  }
}

/**
 * Reads a whole corpus into memory.
 * @throws DatasetError as {@link readCorpus}, and when an id occurs twice or there is no passage at all.
 */
export async function loadCorpus(options: ReadCorpusOptions): Promise<Document[]> {
  const where = options.path;
  const documents: Document[] = [];
  const ids = new Set<string>();
  for await (const document of readCorpus(options)) {
    if (ids.has(document.id)) {
      throw new DatasetError(`the id ${JSON.stringify(document.id)} occurs twice; ids must be unique`, { where });
    }
    ids.add(document.id);
    documents.push(document);
  }
  if (documents.length === 0) throw new DatasetError('the corpus has no passages', { where });
  return documents;
}
