import { DatasetError, readJsonLines, type Task } from '@dgpo/trajectory';
import type { z } from 'zod';
import { parseJsonRows, readText } from '../rows/json-document.js';
import { jsonRowLines } from '../rows/json-row-lines.js';
import type { QuestionRow } from '../rows/question-row.js';
import { type MathFormat, mathFormats } from './math-formats.js';

export interface ReadMathTasksOptions {
  /** `.jsonl` with a row per line, or `.json` with a list of rows or `{ "metadata", "examples": [rows] }`. */
  path: string;
  format: MathFormat;
}

async function* readDocument(path: string, schema: z.ZodType<QuestionRow>): AsyncGenerator<QuestionRow> {
  const text = await readText(path);
  for (const [index, value] of parseJsonRows(path, text).entries()) {
    const parsed = schema.safeParse(value);
    if (parsed.success) {
      yield parsed.data;
      continue;
    }
    const issues = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.') || 'row'}: ${issue.message}`);
    const where = `${path}:${jsonRowLines(text)[index] ?? 1}`;
    throw new DatasetError(issues.join('; '), { where, cause: parsed.error });
  }
}

/**
 * Streams questions of mathematics in the layouts in which they are published:
 *
 * | format | fields |
 * |---|---|
 * | `gsm8k` | `question`, `answer` (the solution, then `#### 18`) |
 * | `gsm-hard` | `input`, `target` (a number) |
 * | `math` | `problem`, `answer` (or a `solution` with `\boxed{}`), `level`, `subject` or `type`, `unique_id`: MATH and MATH-500 |
 * | `aime` | `problem` or `question`, `answer` (0 to 999), `year` |
 * | `olymmath` | `problem`, `answer`, `subject`, `unique_id` |
 * | `agent-distillation` | `question`, `answer`, `id`: the `{ metadata, examples }` files of agent distillation, also its HotpotQA |
 *
 * Rows without an id are called `<format>-<row>`, counted from 0. Solution, level, subject and the like become metadata. An empty
 * answer in `agent-distillation` and `olymmath` means that there is none.
 * @throws DatasetError naming `file:line` and what was expected; for an id that stands twice, and for a file without rows.
 */
export async function* readMathTasks(options: ReadMathTasksOptions): AsyncGenerator<Task> {
  const { path, format } = options;
  const schema: z.ZodType<QuestionRow> = mathFormats[format];
  const isLines = /\.(?:jsonl|ndjson)$/i.test(path);
  if (!isLines && !/\.json$/i.test(path)) {
    throw new DatasetError('questions of mathematics are .jsonl or .json files', { where: path });
  }
  const ids = new Set<string>();
  for await (const { id, ...task } of isLines ? readJsonLines(path, { schema }) : readDocument(path, schema)) {
    const name = id ?? `${format}-${ids.size}`;
    if (ids.has(name)) throw new DatasetError(`the id "${name}" stands twice`, { where: path });
    ids.add(name);
    yield { id: name, ...task };
  }
  if (ids.size === 0) throw new DatasetError('has no questions', { where: path });
}
