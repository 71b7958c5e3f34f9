import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type Benchmark,
  type BenchmarkRow,
  benchmarkFromRows,
  benchmarkNames,
  readBenchmark,
} from '@dgpo/envs/benchmarks';
import { readParquetRows } from '@dgpo/trainer';
import { DatasetError } from '@dgpo/trajectory';

export interface OpenBenchmarksOptions {
  /** Files as `readBenchmark` of `@dgpo/envs/benchmarks` takes them, or parquet files with the same fields as columns. */
  paths: readonly string[];
  /** Read at most this many questions of each file, from its start. @default all */
  limit?: number;
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

/**
 * Reads files of benchmarks, each known by its content, in the order of the paper's tables. Several files of one benchmark (the two papers
 * of an AIME, say) are one set; the ids of its questions are then `<file>:<id>`.
 * @throws DatasetError as `readBenchmark` does; for two files of one benchmark with the same name.
 */
export async function openBenchmarks(options: OpenBenchmarksOptions): Promise<Benchmark[]> {
  const { paths, ...rest } = options;
  const read: { path: string; benchmark: Benchmark }[] = [];
  for (const path of paths) {
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
    return [{ ...first.benchmark, tasks }];
  });
}
