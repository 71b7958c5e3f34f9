import { DatasetError, readJsonLines, type Task, taskSchema } from '@dgpo/trajectory';
import { passageTitle } from '../metrics/passage-title.js';
import { recordPassages } from './record-passages.js';
import { fieldsOf } from './records/record-passage.js';

/**
 * Questions with everything that their records say: lines of FlashRAG (`golden_answers`), or of the original files of HotpotQA,
 * 2WikiMultihopQA, MuSiQue and NQ as JSONL (`question`, `answer` with `answer_aliases`, or a list of `answers`), whose other fields become
 * metadata. An id is made from the place in the file where there is none, and supporting titles from the gold passages
 * ({@link recordPassages}) where the record does not name them.
 *
 * @throws DatasetError naming `file:line` for a line that is neither.
 */
export async function* readQuestionRecords(path: string): AsyncGenerator<Task> {
  let row = 0;
  for await (const value of readJsonLines(path)) {
    row++;
    yield readRecord(value, `${path} (record ${row})`, `q${row - 1}`);
  }
}

function readRecord(value: unknown, where: string, defaultId: string): Task {
  const fields = fieldsOf(value) ?? {};
  const {
    id = fields._id ?? fields.query_id ?? defaultId,
    question = fields.query,
    metadata,
    prompt,
    ...rest
  } = fields;
  const {
    golden_answers,
    answer,
    answers,
    answer_aliases: aliases,
    query: _,
    _id: __,
    query_id: ___,
    ...others
  } = rest;
  const golden =
    golden_answers ?? (Array.isArray(answers) ? answers : Array.isArray(answer) ? answer : listOf(answer, aliases));
  const parsed = taskSchema.safeParse({
    id,
    question,
    golden_answers: golden,
    ...(prompt === undefined ? {} : { prompt }),
    metadata: { ...others, ...(fieldsOf(metadata) ?? {}) },
  });
  if (parsed.success) return withTitles(parsed.data);
  const names = Object.keys(fields).slice(0, 12).join(', ');
  throw new DatasetError(
    `expected a question with golden_answers (FlashRAG), or with answer or answers (the original files); found ${names === '' ? 'no fields' : `the fields ${names}`}`,
    { where, cause: parsed.error },
  );
}

const listOf = (answer: unknown, aliases: unknown) =>
  answer === undefined ? undefined : [answer, ...(Array.isArray(aliases) ? (aliases as unknown[]) : [])];

function withTitles(task: Task): Task {
  if (task.metadata?.supporting_facts !== undefined) return task;
  const title = recordPassages(task).map(passageTitle);
  return title.length === 0 ? task : { ...task, metadata: { ...task.metadata, supporting_facts: { title } } };
}
