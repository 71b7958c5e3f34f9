import { DatasetError } from '@dgpo/trajectory';
import { csvRows } from '../rows/csv-rows.js';
import { parseJsonRows, readText } from '../rows/json-document.js';
import { jsonRowLines } from '../rows/json-row-lines.js';
import type { Benchmark, BenchmarkName, BenchmarkRow } from './benchmark.js';
import { benchmarkFromRows } from './benchmark-from-rows.js';

export interface ReadBenchmarkOptions {
  /** JSON lines, a JSON document or comma-separated values; what it is, its content says. At most 256 MiB. */
  path: string;
  /** As for {@link benchmarkFromRows}. @default what the first row is */
  name?: BenchmarkName;
  /** Read at most this many, at least 1, from the start. @default all */
  limit?: number;
}

/** Whether the text is a value a line, told by its first line: whole JSON, and no document that holds its rows. */
function isJsonLines(text: string): boolean {
  const [first = ''] = text.trimStart().split('\n', 1);
  try {
    const value: unknown = JSON.parse(first);
    return typeof value === 'object' && value !== null && !Array.isArray(value) && !('examples' in value);
  } catch {
    return false;
  }
}

function* jsonLines(path: string, text: string): Generator<BenchmarkRow> {
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const where = `${path}:${index + 1}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw new DatasetError('expected one JSON value on this line', { where, cause });
    }
    yield { value, where: () => where };
  }
}

function* jsonDocument(path: string, text: string): Generator<BenchmarkRow> {
  for (const [index, value] of parseJsonRows(path, text).entries()) {
    yield { value, where: () => `${path}:${jsonRowLines(text)[index] ?? 1}` };
  }
}

function* table(path: string, text: string): Generator<BenchmarkRow> {
  for (const { fields, line } of csvRows(path, text)) yield { value: fields, where: () => `${path}:${line}` };
}

function rowsOf(path: string, text: string): Iterable<BenchmarkRow> {
  if (text.includes('\u0000')) {
    throw new DatasetError('expected a text file: JSON lines, a JSON document or comma-separated values', {
      where: `${path}:1`,
    });
  }
  if (isJsonLines(text)) return jsonLines(path, text);
  return /^\s*[[{]/.test(text) ? jsonDocument(path, text) : table(path, text);
}

/**
 * Reads a file of a benchmark: NQ, TriviaQA, PopQA, HotpotQA, 2WikiMultihopQA, MuSiQue and Bamboogle, or MATH-500, GSM-Hard, AIME and
 * OlymMATH, as its authors publish it, as a FlashRAG file (those of NQ, TriviaQA, PopQA and Bamboogle do not say what they are and need
 * `name`), or as agent distillation's `{ metadata, examples }`. The fields say which it is, not the name of the file. Passages that a data set brings
 * with its questions are left out; titles of supporting passages, type, level, hops and the benchmark's name (`dataset_name`) are metadata.
 * Rows without an id are called `<benchmark>-<row>`, counted from 0.
 * @throws DatasetError naming `file:line` and what was expected, as {@link benchmarkFromRows} does; for a missing file.
 */
export async function readBenchmark(options: ReadBenchmarkOptions): Promise<Benchmark> {
  const { path, ...rest } = options;
  const rows = rowsOf(path, await readText(path));
  return benchmarkFromRows({ rows, where: path, ...rest });
}
