import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DatasetError } from '@dgpo/trajectory';
import { corpusFileError } from './corpus-file-error.js';
import { listFiles } from './list-files.js';
import { textFileName } from './read-text-corpus.js';

/** What a corpus can be, see `ReadCorpusOptions.format`. */
export type CorpusFormat = 'auto' | 'jsonl' | 'beir' | 'parquet' | 'text';

type FoundCorpus =
  | { format: 'records'; form: 'auto' | 'jsonl' | 'beir'; path: string }
  /** Files below a folder, by names relative to it. */
  | { format: 'parquet' | 'text'; folder: string; names: Iterable<string> | AsyncIterable<string> };

const parquetName = /\.parquet$/i;
const jsonNames = ['corpus.jsonl', 'corpus.jsonl.gz', 'corpus.jsonl.zst'];
const expected = {
  auto: 'corpus.jsonl, .parquet, .txt, .md or .markdown file',
  jsonl: 'corpus.jsonl',
  beir: 'corpus.jsonl',
  parquet: '.parquet file',
  text: '.txt, .md or .markdown file',
};

async function inspect(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    throw corpusFileError(path, cause);
  }
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

async function hasFiles(folder: string, pattern: RegExp): Promise<boolean> {
  for await (const _ of listFiles(folder, pattern)) return true;
  return false;
}

/** The files of a corpus by its path, and what they are. @throws DatasetError when there are none. */
export async function findCorpus(path: string, format: CorpusFormat): Promise<FoundCorpus> {
  const wants = (kind: CorpusFormat) => format === 'auto' || format === kind;
  if (!(await inspect(path)).isDirectory()) {
    const file = { folder: dirname(path), names: [basename(path)] };
    if (format === 'parquet' || (format === 'auto' && parquetName.test(path))) return { format: 'parquet', ...file };
    if (format === 'text' || (format === 'auto' && textFileName.test(path))) return { format: 'text', ...file };
    return { format: 'records', form: format, path };
  }
  if (format !== 'parquet' && format !== 'text') {
    for (const name of jsonNames) {
      if (await exists(join(path, name))) return { format: 'records', form: format, path: join(path, name) };
    }
  }
  const kinds = [
    ['parquet', parquetName],
    ['text', textFileName],
  ] as const;
  for (const [kind, pattern] of kinds) {
    if (!wants(kind) || !(await hasFiles(path, pattern))) continue;
    return { format: kind, folder: path, names: listFiles(path, pattern) };
  }
  throw new DatasetError(`there is no ${expected[format]} in this folder`, { where: path });
}
