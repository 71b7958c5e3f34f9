import { DatasetError, readTasks, type Task, taskSchema } from '@dgpo/trajectory';
import { z } from 'zod';
import { readParquetRows } from './read-parquet-rows.js';

/** Options of {@link readQuestions}. */
export interface ReadQuestionsOptions {
  /** `.jsonl` (FlashRAG) or `.parquet` (Search-R1, verl). */
  path: string;
  /** Read at most this many, from the start. @default all */
  limit?: number;
}

/** A row of Search-R1's parquet files (PeterJinGo/nq_hotpotqa_train); verl's own have no `golden_answers`. */
const rowSchema = z.object({
  id: z.union([z.string(), z.number()]).nullish(),
  question: z.string().nullish(),
  golden_answers: z.array(z.string()).nullish(),
  data_source: z.string().nullish(),
  prompt: z.array(z.object({ role: z.string(), content: z.string() })).nullish(),
  reward_model: z
    .object({ ground_truth: z.union([z.string(), z.object({ target: z.union([z.string(), z.array(z.string())]) })]) })
    .nullish(),
  extra_info: z.record(z.string(), z.unknown()).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});

/**
 * Reads questions: FlashRAG JSONL (`id`, `question`, `golden_answers`, `metadata`) or parquet as Search-R1 and verl have it
 * (`data_source`, `prompt`, `reward_model.ground_truth.target` and others). A rendered `prompt` is kept and used as it is. Ids of
 * parquet rows are `<data_source>:<id>`, because the ids of the mixed sets repeat between their sources.
 *
 * @throws {DatasetError} for a missing or damaged file, a row that is no question (with its number), an id that stands twice, an
 *   unknown extension, or a file without questions
 */
export async function readQuestions(options: ReadQuestionsOptions): Promise<Task[]> {
  const { path, limit = Number.POSITIVE_INFINITY } = options;
  const tasks: Task[] = [];
  const ids = new Set<string>();
  for await (const task of openQuestions(path)) {
    if (tasks.length >= limit) break;
    if (ids.has(task.id)) throw new DatasetError(`the id "${task.id}" stands twice`, { where: path });
    ids.add(task.id);
    tasks.push(task);
  }
  if (tasks.length === 0) throw new DatasetError('has no questions', { where: path });
  return tasks;
}

function openQuestions(path: string): AsyncIterable<Task> {
  if (/\.parquet$/i.test(path)) return readParquet(path);
  if (/\.(jsonl|ndjson)$/i.test(path)) return readTasks(path);
  throw new DatasetError('questions are .jsonl (FlashRAG) or .parquet (Search-R1) files', { where: path });
}

async function* readParquet(path: string): AsyncGenerator<Task> {
  for await (const { value, where } of readParquetRows(path)) yield toTask(value, where);
}

function toTask(row: unknown, where: string): Task {
  const parsed = rowSchema.safeParse(row);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DatasetError(`${issue?.path.join('.')}: ${issue?.message}`, { where, cause: parsed.error });
  }
  const { data_source: dataSource, extra_info: extraInfo, metadata, prompt, ...record } = parsed.data;
  const id = record.id ?? extraInfo?.index;
  const question =
    record.question ?? extraInfo?.question ?? prompt?.findLast((message) => message.role === 'user')?.content;
  const answers = record.golden_answers ?? groundTruth(record.reward_model?.ground_truth);
  const missing = [
    ...(id === undefined || id === null ? ['id'] : []),
    ...(question === undefined ? ['question'] : []),
    ...(answers === undefined ? ['golden_answers'] : []),
  ];
  if (missing.length > 0) throw new DatasetError(`has no ${missing.join(', ')}`, { where });
  return taskSchema.parse({
    id: dataSource ? `${dataSource}:${id}` : String(id),
    question: String(question),
    golden_answers: answers ?? [],
    prompt: prompt ?? null,
    metadata: { ...metadata, ...(dataSource ? { data_source: dataSource } : {}) },
  });
}

function groundTruth(value: string | { target: string | string[] } | undefined): string[] | undefined {
  const target = typeof value === 'object' ? value.target : value;
  return typeof target === 'string' ? [target] : target;
}
