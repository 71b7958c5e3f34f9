import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetError, supportingTitles, type Task } from '@dgpo/trajectory';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readQuestionRecords } from './read-question-records.js';
import { recordPassages } from './record-passages.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgpo-records-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(...records: unknown[]): Promise<Task[]> {
  const path = join(folder, 'questions.jsonl');
  await writeFile(path, records.map((record) => JSON.stringify(record)).join('\n'));
  const tasks: Task[] = [];
  for await (const task of readQuestionRecords(path)) tasks.push(task);
  return tasks;
}

test('FlashRAG, HotpotQA, MuSiQue and NQ', async () => {
  const tasks = await read(
    { id: 1, question: 'one', golden_answers: ['a'], metadata: { type: 'bridge' } },
    {
      _id: 'h',
      question: 'two',
      answer: 'yes',
      type: 'comparison',
      supporting_facts: [['Peru', 0]],
      context: [['Peru', ['A country.']]],
    },
    {
      id: '2hop__1',
      question: 'three',
      answer: 'sol',
      answer_aliases: ['Peruvian sol'],
      paragraphs: [{ idx: 0, title: 'Sol', paragraph_text: 'Money.', is_supporting: true }],
    },
    { question: 'four', answers: ['x', 'y'], positive_ctxs: [{ title: 'X', text: 'x is y' }] },
    { query_id: 7, query: 'five', answers: ['z'], positive_passages: [{ docid: '1', title: 'Z', text: 'z' }] },
  );
  expect(tasks.map(({ id, question, goldenAnswers }) => [id, question, goldenAnswers])).toEqual([
    ['1', 'one', ['a']],
    ['h', 'two', ['yes']],
    ['2hop__1', 'three', ['sol', 'Peruvian sol']],
    ['q3', 'four', ['x', 'y']],
    ['7', 'five', ['z']],
  ]);
  expect(tasks.map(recordPassages)).toEqual([[], ['Peru\nA country.'], ['Sol\nMoney.'], ['X\nx is y'], ['Z\nz']]);
  expect(tasks.map(supportingTitles)).toEqual([[], ['Peru'], ['Sol'], ['X'], ['Z']]);
  expect(tasks[0]?.metadata).toEqual({ type: 'bridge' });
});

test('a record that is none', async () => {
  await expect(read({ question: 'one', answer: 'a' }, { text: 'x' })).rejects.toThrow(
    /questions\.jsonl \(record 2\): expected a question with golden_answers .* found the fields text$/,
  );
  await expect(read([1])).rejects.toThrow(DatasetError);
});
