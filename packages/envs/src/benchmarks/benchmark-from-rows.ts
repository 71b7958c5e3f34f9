import { DatasetError, type Task } from '@dgpo/trajectory';
import { type Benchmark, type BenchmarkName, type BenchmarkRow, benchmarkKinds } from './benchmark.js';
import { type Layout, layoutOfNamed, layouts, saysOther } from './layouts.js';

export interface BenchmarkFromRowsOptions {
  rows: Iterable<BenchmarkRow> | AsyncIterable<BenchmarkRow>;
  /** What the rows come from, for errors that no row is to blame for. */
  where: string;
  /**
   * Take this benchmark alone: rows of others are passed over, as in a file of several, and rows of FlashRAG that do not say what they
   * are count as it. @default what the first row is
   */
  name?: BenchmarkName;
  /** Read at most this many, at least 1, from the start. @default all */
  limit?: number;
}

interface Recognised {
  name: BenchmarkName;
  layout: Layout;
}

const isRow = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a row says that it is of a data set that is none of the benchmarks. */
const isForeign = (value: unknown, name: BenchmarkName) => isRow(value) && saysOther(value, name);

function recognise(row: unknown, named?: BenchmarkName): Recognised | undefined {
  if (!isRow(row)) return undefined;
  for (const layout of named === undefined ? layouts : [layoutOfNamed(named), ...layouts]) {
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

/** @throws DatasetError for a row of another benchmark */
function requireSame(name: BenchmarkName, row: BenchmarkRow): void {
  const other = recognise(row.value);
  if (other === undefined ? !isForeign(row.value, name) : other.name === name) return;
  throw new DatasetError(
    `expected ${name} as in the first row, found ${other?.name ?? 'another data set'}: one file is one benchmark unless you name the one to take`,
    { where: row.where() },
  );
}

function toTask({ name, layout }: Recognised, row: BenchmarkRow, index: number): Task {
  const parsed = layout.schema.safeParse(row.value);
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.') || 'row'}: ${issue.message}`);
    throw new DatasetError(`${issues.join('; ')} (${name} is ${layout.fields})`, {
      where: row.where(),
      cause: parsed.error,
    });
  }
  const { id, metadata, ...task } = parsed.data;
  return { id: id ?? `${name}-${index}`, ...task, metadata: { ...metadata, dataset_name: name } };
}

/**
 * Questions of the benchmark whose rows these are, known by the fields of the first one, or of the one that is named. Rows without a
 * golden answer are left out and told (`withoutAnswer`).
 * @throws DatasetError naming the row and what was expected: a first row of none of the benchmarks, a later one of another benchmark
 *   than the first, one that lacks something, an id that stands twice; and where no row is left.
 */
export async function benchmarkFromRows(options: BenchmarkFromRowsOptions): Promise<Benchmark> {
  const { rows, where, name: named, limit = Number.POSITIVE_INFINITY } = options;
  const tasks = new Map<string, Task>();
  const withoutAnswer: string[] = [];
  const passedOver = new Set<string>();
  let known: Recognised | undefined;
  for await (const row of rows) {
    const found = recognise(row.value, named);
    if (named !== undefined && (found === undefined ? isForeign(row.value, named) : found.name !== named)) {
      passedOver.add(found?.name ?? 'other data sets');
      continue;
    }
    known ??= found;
    if (known === undefined) throw unknownRow(row);
    if (named === undefined) requireSame(known.name, row);
    const task = toTask(known, row, tasks.size + withoutAnswer.length);
    if (tasks.has(task.id)) throw new DatasetError(`the id "${task.id}" stands twice`, { where: row.where() });
    if (task.goldenAnswers.length > 0) tasks.set(task.id, task);
    else withoutAnswer.push(row.where());
    if (tasks.size >= limit) break;
  }
  if (known === undefined) {
    const others = [...passedOver].join(', ');
    throw new DatasetError(others === '' ? 'has no questions' : `has no questions of ${named}, only of ${others}`, {
      where,
    });
  }
  if (tasks.size === 0) {
    throw new DatasetError('answer: expected one; no question here has any', { where: withoutAnswer[0] ?? where });
  }
  return {
    name: known.name,
    kind: benchmarkKinds[known.name],
    tasks: [...tasks.values()],
    ...(withoutAnswer.length === 0 ? {} : { withoutAnswer }),
  };
}
