import { DatasetError, type Task } from '@dgpo/trajectory';
import { type Benchmark, type BenchmarkName, type BenchmarkRow, benchmarkKinds } from './benchmark.js';
import { type Layout, layouts } from './layouts.js';

export interface BenchmarkFromRowsOptions {
  rows: Iterable<BenchmarkRow> | AsyncIterable<BenchmarkRow>;
  /** What the rows come from, for errors that no row is to blame for. */
  where: string;
  /** Read at most this many, at least 1, from the start. @default all */
  limit?: number;
}

interface Recognised {
  name: BenchmarkName;
  layout: Layout;
}

function recognise(value: unknown): Recognised | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const row: Readonly<Record<string, unknown>> = { ...value };
  for (const layout of layouts) {
    const name = layout.recognise(row);
    if (name !== undefined) return { name, layout };
  }
  return undefined;
}

/** What a row has, in few words. */
function found(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : `a ${typeof value}`;
  const names = Object.keys(value);
  const shown = names.slice(0, 12).map((name) => name.slice(0, 40));
  return `the fields ${shown.join(', ')}${names.length > 12 ? ', …' : ''}`;
}

function unknownRow(row: BenchmarkRow): DatasetError {
  const expected = layouts.map(({ fields }) => fields).join('; ');
  return new DatasetError(`expected a row of ${expected}; found ${found(row.value)}`, { where: row.where() });
}

function toTask({ name, layout }: Recognised, row: BenchmarkRow, index: number): Task {
  const other = recognise(row.value);
  if (other !== undefined && other.name !== name) {
    throw new DatasetError(`expected ${name} as in the first row, found ${other.name}: one file is one benchmark`, {
      where: row.where(),
    });
  }
  const parsed = layout.schema.safeParse(row.value);
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.') || 'row'}: ${issue.message}`);
    throw new DatasetError(`${issues.join('; ')} (${name} is ${layout.fields})`, {
      where: row.where(),
      cause: parsed.error,
    });
  }
  const { id, metadata, ...task } = parsed.data;
  if (task.goldenAnswers.length === 0) throw new DatasetError('answer: expected one', { where: row.where() });
  return { id: id ?? `${name}-${index}`, ...task, metadata: { ...metadata, dataset_name: name } };
}

/**
 * Questions of the benchmark whose rows these are, known by the fields of the first one.
 * @throws DatasetError naming the row and what was expected: a first row of none of the eight benchmarks, a later one of another
 *   benchmark, one that lacks something, an id that stands twice; and where there are no rows.
 */
export async function benchmarkFromRows(options: BenchmarkFromRowsOptions): Promise<Benchmark> {
  const { rows, where, limit = Number.POSITIVE_INFINITY } = options;
  const tasks = new Map<string, Task>();
  let known: Recognised | undefined;
  for await (const row of rows) {
    known ??= recognise(row.value);
    if (known === undefined) throw unknownRow(row);
    const task = toTask(known, row, tasks.size);
    if (tasks.has(task.id)) throw new DatasetError(`the id "${task.id}" stands twice`, { where: row.where() });
    tasks.set(task.id, task);
    if (tasks.size >= limit) break;
  }
  if (known === undefined) throw new DatasetError('has no questions', { where });
  return { name: known.name, kind: benchmarkKinds[known.name], tasks: [...tasks.values()] };
}
