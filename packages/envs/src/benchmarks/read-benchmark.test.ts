import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatasetError } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BenchmarkName } from './benchmark.js';
import { readBenchmark } from './read-benchmark.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'benchmark-'));
});
afterAll(() => rm(folder, { recursive: true }));

const fixture = (name: string) =>
  readBenchmark({ path: fileURLToPath(new URL(`__fixtures__/${name}`, import.meta.url)) });

/** The name of the file says nothing. */
async function read(text: string, limit?: number, name?: BenchmarkName) {
  const path = join(folder, 'questions');
  await writeFile(path, text);
  return readBenchmark({ path, ...(limit === undefined ? {} : { limit }), ...(name === undefined ? {} : { name }) });
}

const lines = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

describe('reads', () => {
  test('HotpotQA, without its passages', async () => {
    const { name, kind, tasks } = await fixture('hotpotqa.json');
    expect({ name, kind }).toEqual({ name: 'hotpotqa', kind: 'question-answering' });
    expect(tasks[0]).toEqual({
      id: '5ad00000000000000000001a',
      question: 'Which lake borders the country whose capital is Lima?',
      goldenAnswers: ['Lake Titicaca'],
      metadata: {
        type: 'bridge',
        level: 'hard',
        supporting_facts: [
          ['Peru', 0],
          ['Lake Titicaca', 1],
        ],
        dataset_name: 'hotpotqa',
      },
    });
    expect(tasks[1]).toMatchObject({ goldenAnswers: ['yes'], metadata: { type: 'comparison', level: 'medium' } });
  });

  test('2WikiMultiHopQA', async () => {
    const { name, tasks } = await fixture('2wikimultihopqa.json');
    expect(name).toBe('2wikimultihopqa');
    expect(tasks).toMatchObject([
      { id: '00000000000000000000000000000001', goldenAnswers: ['Cusco'], metadata: { type: 'compositional' } },
    ]);
  });

  test('MuSiQue, with its aliases and its number of hops', async () => {
    const { name, tasks } = await fixture('musique.jsonl');
    expect(name).toBe('musique');
    expect(tasks).toEqual([
      {
        id: '2hop__11_22',
        question: 'In which city was the builder of the Long Bridge born?',
        goldenAnswers: ['Cusco', 'Cuzco', 'Qosqo'],
        metadata: { hops: 2, supporting_facts: { title: ['Long Bridge', 'Ana Rios'] }, dataset_name: 'musique' },
      },
    ]);
  });

  test('Bamboogle as CSV and as JSON lines', async () => {
    const { name, tasks } = await fixture('bamboogle.csv');
    expect(name).toBe('bamboogle');
    const metadata = { dataset_name: 'bamboogle' };
    expect(tasks).toEqual([
      {
        id: 'bamboogle-0',
        question: 'In the year the long bridge opened, who was mayor?',
        goldenAnswers: ['Ana Rios'],
        metadata,
      },
      {
        id: 'bamboogle-1',
        question: 'Who designed the flag of the country of the long bridge?',
        goldenAnswers: ['Ramos, called "the tailor"'],
        metadata,
      },
    ]);
    const rows = tasks.map(({ question, goldenAnswers }) => ({ Question: question, Answer: goldenAnswers[0] }));
    expect((await read(lines(...rows))).tasks).toEqual(tasks);
  });

  test.each([
    ['math-500.jsonl', 'math-500', 'test/prealgebra/1.json', '\\frac{1}{2}', { level: 1, subject: 'Prealgebra' }],
    ['gsm-hard.jsonl', 'gsm-hard', 'gsm-hard-0', '13138980', {}],
    ['aime.jsonl', 'aime', '0', '033', { year: '2024' }],
    ['olymmath.jsonl', 'olymmath', 'OlymMATH-EASY-0-EN', '$9$', { subject: 'Algebra' }],
  ])('%s', async (file, name, id, answer, metadata) => {
    const benchmark = await fixture(file);
    expect(benchmark).toMatchObject({ name, kind: 'mathematics' });
    expect(benchmark.tasks).toMatchObject([
      { id, goldenAnswers: [answer], metadata: { ...metadata, dataset_name: name } },
    ]);
  });

  test('AIME of all years as CSV', async () => {
    const rows = 'ID,Year,Problem Number,Question,Answer,Part\r\n1983-1,1983,1,"Find $x$,\r\nif $2x=120$.",60,\r\n';
    const { name, tasks } = await read(rows);
    expect(name).toBe('aime');
    expect(tasks).toMatchObject([{ id: '1983-1', question: 'Find $x$,\r\nif $2x=120$.', goldenAnswers: ['60'] }]);
  });

  test('the documents of agent distillation, whose names say what they are', async () => {
    const { name, tasks } = await fixture('agent-distillation.json');
    expect(name).toBe('gsm-hard');
    expect(tasks.map(({ id, goldenAnswers }) => [id, ...goldenAnswers])).toEqual([
      ['1309', '13138980'],
      ['228', '8'],
    ]);
    const names = {
      'hotpotqa/hotpot_qa': 'hotpotqa',
      'dgslibisey/MuSiQue': 'musique',
      'chiayewken/bamboogle': 'bamboogle',
      '2wikimultihopqa': '2wikimultihopqa',
      MATH: 'math-500',
      AIME: 'aime',
      OlymMATH: 'olymmath',
    };
    for (const [published, ours] of Object.entries(names)) {
      const row = { id: 3, question: 'q', answer: '7', level: 'hard', type: 't', dataset_name: published };
      const document = JSON.stringify({ metadata: { note: [1] }, examples: [row] });
      expect(await read(document)).toMatchObject({
        name: ours,
        tasks: [{ id: '3', goldenAnswers: ['7'], metadata: { level: 'hard', type: 't', dataset_name: ours } }],
      });
    }
  });

  test('FlashRAG, and rows of Search-R1', async () => {
    const { name, tasks } = await fixture('flashrag.jsonl');
    expect(name).toBe('hotpotqa');
    expect(tasks).toMatchObject([{ id: 'dev_0', goldenAnswers: ['Lake Titicaca', 'Titicaca'] }]);
    expect(tasks[0]?.metadata).not.toHaveProperty('context');
    const row = { id: 'test_0', question: 'q', golden_answers: ['a'], data_source: 'bamboogle' };
    expect((await read(lines(row))).name).toBe('bamboogle');
  });

  describe('a benchmark by name', () => {
    const plain = (index: number) => ({ id: `test_${index}`, question: `q${index}?`, golden_answers: [`a${index}`] });

    test('rows that do not say what they are, the last one too', async () => {
      const text = lines(plain(0), plain(1), plain(2)).trimEnd();
      for (const name of ['nq', 'triviaqa', 'popqa', 'bamboogle'] as const) {
        const { tasks, ...benchmark } = await read(text, undefined, name);
        expect(benchmark).toEqual({ name, kind: 'question-answering' });
        expect(tasks.map(({ id }) => id)).toEqual(['test_0', 'test_1', 'test_2']);
        expect(tasks[2]).toEqual({
          id: 'test_2',
          question: 'q2?',
          goldenAnswers: ['a2'],
          metadata: { dataset_name: name },
        });
      }
      await expect(read(text)).rejects.toThrow(/:1: expected a row of .*the name of the benchmark from you/);
    });

    test('one of a file of several, whose ids repeat, with the answers under reward_model', async () => {
      const row = (source: string, index: number) => ({
        ...{ ...plain(index), golden_answers: undefined, data_source: source },
        reward_model: { style: 'rule', ground_truth: { target: [`${source} ${index}`] } },
        prompt: [{ role: 'user', content: 'rendered' }],
      });
      const text = lines(row('nq', 0), row('searchR1_popqa', 0), row('nq', 1), row('popqa', 1));
      const { tasks } = await read(text, undefined, 'nq');
      expect(tasks.map(({ id, goldenAnswers, prompt }) => [id, goldenAnswers, prompt])).toEqual([
        ['test_0', ['nq 0'], undefined],
        ['test_1', ['nq 1'], undefined],
      ]);
      expect((await read(text, 1, 'popqa')).tasks).toMatchObject([{ goldenAnswers: ['searchR1_popqa 0'] }]);
      await expect(read(text, undefined, 'triviaqa')).rejects.toThrow(
        /has no questions of triviaqa, only of nq, popqa/,
      );
    });

    test('rows of a data set that is none of the benchmarks are passed over, and end a file that is not named', async () => {
      const text = lines({ ...plain(0), data_source: 'strategyqa' }, { ...plain(1), data_source: 'nq' });
      expect((await read(text, undefined, 'nq')).tasks.map(({ id }) => id)).toEqual(['test_1']);
      const unnamed = lines({ ...plain(0), data_source: 'nq' }, { ...plain(1), data_source: 'strategyqa' });
      await expect(read(unnamed)).rejects.toThrow(/expected nq as in the first row, found another data set/);
    });

    test('the name counts, not what metadata without a name looks like', async () => {
      const metadata = { type: 'comparison', supporting_facts: { title: ['Peru'], sent_id: [0] } };
      const text = lines({ ...plain(0), metadata });
      expect((await read(text)).name).toBe('hotpotqa');
      expect((await read(text, undefined, '2wikimultihopqa')).name).toBe('2wikimultihopqa');
    });

    test('rows without a golden answer are left out and told', async () => {
      const text = lines(plain(0), { ...plain(1), golden_answers: [] }, plain(2), {
        ...plain(3),
        golden_answers: [' '],
      });
      const { tasks, withoutAnswer = [] } = await read(text, undefined, 'nq');
      expect(tasks.map(({ id }) => id)).toEqual(['test_0', 'test_2']);
      expect(withoutAnswer.map((where) => where.split(':').at(-1))).toEqual(['2', '4']);
    });
  });

  test('the first questions, without a look at the rest', async () => {
    const text = `${lines({ Question: 'q', Answer: 'a' })}what is this?`;
    expect((await read(text, 1)).tasks).toHaveLength(1);
  });
});

describe('says where a file is wrong and what was expected', () => {
  const good = { Question: 'q', Answer: 'a' };
  test.each([
    [
      'another data set',
      lines({ text: 'x', label: 1 }),
      ':1: expected a row of agent distillation .*Bamboogle .*found the fields text, label',
    ],
    [
      'another data set of agent distillation',
      lines({ question: 'q', answer: 'a', dataset_name: 'gsm8k' }),
      ':1: expected a row of',
    ],
    ['a list of texts', '["a"]', ':1: expected a row of .*found a string'],
    [
      'a row that lacks something',
      `${lines(good)}\n${lines({ Question: 'q' })}`,
      ':3: Answer: .*bamboogle is Bamboogle',
    ],
    [
      'two benchmarks',
      lines(good, { input: 'q', target: 3 }),
      ':2: expected bamboogle as in the first row, found gsm-hard',
    ],
    ['a damaged line', `${lines(good)}{"Question`, ':2: expected one JSON value on this line'],
    ['a damaged document', '[\n{"Question": "q",\n"Answer" "a"}]', ':3: expected JSON'],
    ['a document of another shape', '{\n"data": []}', ':1: expected a list of rows'],
    ['no answer', lines({ ...good, Answer: ' ' }), ':1: answer: expected one'],
    [
      'no answer to be had',
      lines({ question: 'q', answer: 'a', answer_aliases: [], answerable: false }),
      ':1: answerable: expected a question that can be answered',
    ],
    [
      'no whole number',
      lines({ problem: 'p', answer: '7' }, { problem: 'q', answer: '1/2' }),
      ':2: answer: expected a whole number from 0 to 999',
    ],
    ['an id twice', lines({ ...good, id: 1 }, { ...good, id: 1 }), ':2: the id "1" stands twice'],
    ['an open quote', 'Question,Answer\nq,a\n"q,a\n', ':3: expected a closing quote'],
    ['a ragged row', 'Question,Answer\n\nq,a,b\n', ':3: expected 2 cells as in the first line, found 3'],
    ['a binary file', 'PAR1\u0000\u0001', ':1: expected a text file'],
    ['nothing', '', ': has no questions'],
    ['an empty list', '[]', ': has no questions'],
  ])('%s', async (_, text, message) => {
    const reading = read(text);
    await expect(reading).rejects.toBeInstanceOf(DatasetError);
    await expect(reading).rejects.toThrow(new RegExp(`questions${message}`));
  });

  test('a document row by its line', async () => {
    const text = '[\n  {"Question": "q", "Answer": "a"},\n  {"Question": "r"}\n]';
    await expect(read(text)).rejects.toThrow(/questions:3: Answer/);
  });

  test('a missing file', async () => {
    await expect(readBenchmark({ path: join(folder, 'none.json') })).rejects.toThrow(/none\.json: cannot read/);
  });
});
