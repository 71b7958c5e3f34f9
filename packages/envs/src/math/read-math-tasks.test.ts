import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetError, type Task } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MathFormat } from './math-formats.js';
import { readMathTasks } from './read-math-tasks.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'math-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(text: string, format: MathFormat, name = 'test.jsonl'): Promise<Task[]> {
  const path = join(folder, name);
  await writeFile(path, text);
  const tasks: Task[] = [];
  for await (const task of readMathTasks({ path, format })) tasks.push(task);
  return tasks;
}

const lines = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

describe('reads', () => {
  test('GSM8K', async () => {
    const answer = 'He buys 3*2=<<3*2=6>>6 eggs.\n#### 1,206';
    expect(await read(lines({ question: 'How many?', answer }), 'gsm8k')).toEqual([
      {
        id: 'gsm8k-0',
        question: 'How many?',
        goldenAnswers: ['1,206'],
        metadata: { solution: 'He buys 3*2=<<3*2=6>>6 eggs.' },
      },
    ]);
  });

  test('GSM-hard', async () => {
    const rows = lines({ input: 'How many?', code: 'x', target: 13138980.0 }, { input: 'Else?', target: -0.5 });
    expect(await read(rows, 'gsm-hard')).toEqual([
      { id: 'gsm-hard-0', question: 'How many?', goldenAnswers: ['13138980'], metadata: { code: 'x' } },
      { id: 'gsm-hard-1', question: 'Else?', goldenAnswers: ['-0.5'] },
    ]);
  });

  test('MATH-500, and MATH with its answer in the solution', async () => {
    const rows = lines(
      { problem: 'p', answer: '\\frac{1}{2}', solution: 's', subject: 'Algebra', level: 2, unique_id: 'test/1.json' },
      { problem: 'q', solution: 'So \\boxed{\\frac{3}{4}}.', type: 'Geometry', level: 'Level 5' },
    );
    expect(await read(rows, 'math')).toEqual([
      {
        id: 'test/1.json',
        question: 'p',
        goldenAnswers: ['\\frac{1}{2}'],
        metadata: { level: 2, subject: 'Algebra', solution: 's' },
      },
      {
        id: 'math-1',
        question: 'q',
        goldenAnswers: ['\\frac{3}{4}'],
        metadata: { level: 'Level 5', subject: 'Geometry', solution: 'So \\boxed{\\frac{3}{4}}.' },
      },
    ]);
  });

  test('AIME with either name of the question, answers as text or number', async () => {
    const rows = lines(
      { id: 60, problem: 'p', answer: '033', year: '2024' },
      { question: 'q', answer: 204 },
      { ID: '2024-II-4', Problem: 'r', Answer: 33 },
    );
    expect(await read(rows, 'aime')).toEqual([
      { id: '60', question: 'p', goldenAnswers: ['033'], metadata: { year: '2024' } },
      { id: 'aime-1', question: 'q', goldenAnswers: ['204'] },
      { id: '2024-II-4', question: 'r', goldenAnswers: ['33'] },
    ]);
  });

  test('OlymMATH', async () => {
    const row = { problem: 'p', answer: '\\sqrt{2}', subject: 'Algebra', unique_id: 'OlymMATH-HARD-0-EN' };
    expect(await read(lines(row), 'olymmath')).toEqual([
      { id: 'OlymMATH-HARD-0-EN', question: 'p', goldenAnswers: ['\\sqrt{2}'], metadata: { subject: 'Algebra' } },
    ]);
  });

  test('files of agent distillation', async () => {
    const examples = [
      { id: 7, question: 'p', answer: 8.0, dataset_name: 'GSM-hard', split: 'test' },
      { id: 8, question: 'q', answer: '', level: 'hard' },
    ];
    const text = `\uFEFF${JSON.stringify({ metadata: { examples_range: [0, 2] }, examples })}`;
    expect(await read(text, 'agent-distillation', 'test.json')).toEqual([
      { id: '7', question: 'p', goldenAnswers: ['8'], metadata: { dataset_name: 'GSM-hard', split: 'test' } },
      { id: '8', question: 'q', goldenAnswers: [], metadata: { level: 'hard' } },
    ]);
  });

  test('a list of rows in one JSON document', async () => {
    const text = JSON.stringify([{ problem: 'p', answer: '1' }], null, 2);
    expect(await read(text, 'olymmath', 'test.json')).toMatchObject([{ id: 'olymmath-0' }]);
  });
});

describe('says where and what for', () => {
  const good = { question: 'q', answer: '#### 1' };
  const pretty = JSON.stringify(
    {
      metadata: { note: 'a "quoted" [list', examples_range: [1, 2] },
      examples: [{ question: '{', answer: '1' }, { question: 'q' }],
    },
    null,
    2,
  );
  const cases: [string, string, MathFormat, string, string][] = [
    [
      'an answer without its mark',
      lines(good, { ...good, answer: '1' }),
      'gsm8k',
      'a.jsonl',
      'a.jsonl:2: answer: expected it to end with ####',
    ],
    ['a line that is no JSON', `${lines(good)}{"question"`, 'gsm8k', 'b.jsonl', 'b.jsonl:2: expected one JSON value'],
    ['a target in words', lines({ input: 'q', target: 'five' }), 'gsm-hard', 'c.jsonl', 'c.jsonl:1: target'],
    [
      'no answer anywhere',
      lines({ problem: 'p', solution: 's' }),
      'math',
      'd.jsonl',
      'd.jsonl:1: answer: expected the answer here, or a solution',
    ],
    [
      'an AIME answer out of range',
      lines({ problem: 'p', answer: 1000 }),
      'aime',
      'e.jsonl',
      'e.jsonl:1: answer: expected a whole number from 0 to 999, found 1000',
    ],
    ['no question', lines({ answer: 12 }), 'aime', 'f.jsonl', 'f.jsonl:1: problem: expected problem or question'],
    [
      'an empty question',
      lines({ ...good, question: '' }),
      'gsm8k',
      'g.jsonl',
      'expected a question, found an empty text',
    ],
    ['a row of a document, by its line', pretty, 'agent-distillation', 'h.json', 'h.json:14: answer'],
    ['a document that is no JSON', '[\n{},\n!]', 'math', 'i.json', 'i.json'],
    [
      'another document',
      '{"rows": []}',
      'math',
      'j.json',
      'j.json:1: expected a list of rows, or an object with such a list as "examples"',
    ],
    [
      'an id that stands twice',
      lines({ ...good, id: 1 }, { ...good, id: 1 }),
      'gsm8k',
      'k.jsonl',
      'the id "1" stands twice',
    ],
    ['an empty file', '', 'gsm8k', 'l.jsonl', 'l.jsonl: has no questions'],
    ['another kind of file', '', 'gsm8k', 'm.parquet', 'm.parquet: questions of mathematics are .jsonl or .json files'],
  ];

  test.each(cases)('%s', async (_, text, format, name, message) => {
    await expect(read(text, format, name)).rejects.toThrow(DatasetError);
    await expect(read(text, format, name)).rejects.toThrow(message);
  });

  test('a missing file', async () => {
    const reading = readMathTasks({ path: join(folder, 'none.json'), format: 'math' }).next();
    await expect(reading).rejects.toThrow(/none\.json: cannot read/);
  });
});
