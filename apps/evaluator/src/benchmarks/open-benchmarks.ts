import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type Benchmark,
  type BenchmarkName,
  type BenchmarkRow,
  benchmarkFromRows,
  benchmarkKinds,
  benchmarkNames,
  isBenchmarkName,
  readBenchmark,
} from '@dgpo/envs/benchmarks';
import { readParquetRows } from '@dgpo/trainer';
import { ConfigError, DatasetError } from '@dgpo/trajectory';
import { type BenchmarkHub, downloadBenchmark, findBenchmark } from './benchmark-files.js';

export interface OpenBenchmarksOptions {
  /**
   * Names (`nq`, `triviaqa`, `popqa`, `hotpotqa`, `2wikimultihopqa`, `musique`, `bamboogle`) or files as `readBenchmark` of
   * `@dgpo/envs/benchmarks` takes them, or parquet files with the same fields as columns; what a file is, its content says.
   */
  benchmarks: readonly string[];
  /** Where those with a name lie: a file, or a folder as FlashRAG or Search-R1 lay it out. @default the hub */
  data?: string | undefined;
  /** Needed for names without `data`. */
  hub?: BenchmarkHub;
  /** Read at most this many questions of each, from its start. @default all */
  limit?: number;
  /** What a path is relative to. @default the working directory of the process */
  resolvePath?: (path: string) => string;
  signal?: AbortSignal;
}

async function isParquet(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
      return buffer.toString('latin1', 0, bytesRead) === 'PAR1';
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new DatasetError('cannot read: no such file, or it may not be read', { where: path, cause });
  }
}

async function* parquetRows(path: string): AsyncGenerator<BenchmarkRow> {
  for await (const { value, where } of readParquetRows(path)) yield { value, where: () => where };
}

/** A folder of the name of a benchmark is not meant. */
const isFile = (path: string) =>
  stat(path).then(
    (found) => !found.isDirectory(),
    () => false,
  );

/** The file behind a name or a path, and the name if that was given. */
async function locate(
  benchmark: string,
  { data, hub, resolvePath = (path) => path, signal }: OpenBenchmarksOptions,
): Promise<{ path: string; name?: BenchmarkName }> {
  const path = resolvePath(benchmark);
  if (!isBenchmarkName(benchmark) || (await isFile(path))) {
    if (/^[\w-]+$/.test(benchmark) && !(await isFile(path))) {
      const names = benchmarkNames.filter((name) => benchmarkKinds[name] === 'question-answering');
      throw new ConfigError(`there is neither a benchmark nor a file "${benchmark}"; names are ${names.join(', ')}`);
    }
    return { path };
  }
  if (data !== undefined) return { path: await findBenchmark(benchmark, data), name: benchmark };
  if (hub === undefined) throw new ConfigError('needs data or hub', { where: `benchmark ${benchmark}` });
  return { path: await downloadBenchmark(benchmark, hub, signal), name: benchmark };
}

/**
 * Reads benchmarks, in the order of the papers' tables. Several files of one benchmark (the two papers of an AIME, say) are one set; the
 * ids of its questions are then `<file>:<id>`.
 * @throws DatasetError as `readBenchmark` does, for two files of one benchmark with the same name, and for downloads that fail; ConfigError
 *   for unknown names
 */
export async function openBenchmarks(options: OpenBenchmarksOptions): Promise<Benchmark[]> {
  const { benchmarks, limit } = options;
  const read: { path: string; benchmark: Benchmark }[] = [];
  for (const given of benchmarks) {
    const { path, name } = await locate(given, options);
    const rest = { ...(limit === undefined ? {} : { limit }), ...(name === undefined ? {} : { name }) };
    const benchmark = (await isParquet(path))
      ? await benchmarkFromRows({ rows: parquetRows(path), where: path, ...rest })
      : await readBenchmark({ path, ...rest });
    read.push({ path, benchmark });
  }
  return benchmarkNames.flatMap((name) => {
    const parts = read.filter(({ benchmark }) => benchmark.name === name);
    const [first] = parts;
    if (first === undefined) return [];
    if (parts.length === 1) return [first.benchmark];
    const names = parts.map(({ path }) => basename(path));
    const twice = parts.find((_, index) => names.indexOf(names[index] ?? '') !== index);
    if (twice !== undefined) {
      throw new DatasetError(`two files of ${name} have this name; rename one`, { where: twice.path });
    }
    const tasks = parts.flatMap(({ path, benchmark }) =>
      benchmark.tasks.map((task) => ({ ...task, id: `${basename(path)}:${task.id}` })),
    );
    const withoutAnswer = parts.flatMap(({ benchmark }) => benchmark.withoutAnswer ?? []);
    return [{ ...first.benchmark, tasks, ...(withoutAnswer.length === 0 ? {} : { withoutAnswer }) }];
  });
}
