import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ComputePool, createComputePool } from '@dgpo/trainer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyWorld } from './__fixtures__/tiny-world.js';
import { openBenchmarks } from './benchmarks/open-benchmarks.js';
import { runProgram } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'dgpo-benchmarks-'));
let pool: ComputePool;

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

beforeAll(async () => {
  pool = await createComputePool({ engine: 'cpu', workers: 0 });
  const { checkpoint } = await writeTinyWorld(folder);
  const rules = { topK: 3, maxSearches: 1, maxTokensPerTurn: 8, maxObservationTokens: 8, maxContextTokens: 256 };
  writeFileSync(join(checkpoint, 'agent.json'), JSON.stringify({ ...rules, promptTemplate: '{question}' }));
  write(
    'questions.csv',
    'Question,Answer\nWhat is the capital of Peru?,Lima\n"By which sea, if any, is it?",Pacific\n',
  );
  const examples = [2, 3].map((factor) => ({
    id: factor,
    question: `What is ${factor} times 10?`,
    answer: `${factor}0`,
    level: 1,
    type: 'Prealgebra',
    dataset_name: 'MATH',
    split: 'test',
  }));
  write('numbers.json', JSON.stringify({ metadata: { dataset_info: { name: 'MATH' } }, examples }, null, 2));
  write('one.jsonl', '{"id": 0, "problem": "What is 1 + 1?", "answer": "2", "year": "2024"}\n');
  write('two.jsonl', '{"id": 0, "problem": "What is 2 + 2?", "answer": 4, "year": "2025"}\n');
  write('other.jsonl', '{"text": "x", "label": 1}\n');
});

afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(words: string[], signal = new AbortController().signal) {
  const text = { out: '', error: '' };
  const stream = (name: 'out' | 'error') => ({
    write: (part: string) => {
      text[name] += part;
      return true;
    },
  });
  const code = await runProgram(words, {
    output: stream('out'),
    errors: stream('error'),
    environment: {},
    workingDirectory: folder,
    signal,
    pool,
  });
  return { code, ...text };
}

const evaluate = (...words: string[]) =>
  run(['run', 'model', '--benchmarks', ...words, '--engine', 'cpu', '--max-tokens', '8', '--bootstrap-samples', '50']);

describe('dgpo-eval run --benchmarks', () => {
  test('plays knowledge with searches and mathematics without, and writes what can be compared', async () => {
    const words = [
      'numbers.json',
      'one.jsonl',
      'questions.csv',
      '--index',
      'index',
      '--out',
      'results',
      '--name',
      'tiny',
    ];
    const { code, out, error } = await evaluate(...words);
    expect({ code, error }).toEqual({
      code: 0,
      error:
        'tiny: 0.00 M parameters\nbamboogle · episodes: 2 of 2\nmath-500 · episodes: 2 of 2\naime · episodes: 1 of 1\n',
    });
    expect(out).toMatch(/^Bamboogle +exact match +0\.0 \[0\.0, 0\.0\] +\d/m);
    expect(out).toMatch(/^MATH-500 +equivalence +0\.0 /m);
    expect(out).toMatch(/^average of 3 +all +0\.0 \[0\.0, 0\.0\]/m);
    expect(out).toMatch(/^Corpus: index, 2 passages\.$/m);
    expect((await readdir(join(folder, 'results'))).sort()).toEqual([
      'aime',
      'bamboogle',
      'cost.json',
      'math_500',
      'report.html',
      'results.json',
      'settings.json',
    ]);
    expect((await readdir(join(folder, 'results/bamboogle'))).sort()).toEqual([
      'costs.jsonl',
      'episodes.jsonl',
      'results.json',
    ]);
    const { dgpo, results } = JSON.parse(await readFile(join(folder, 'results/results.json'), 'utf8'));
    expect(results).toMatchObject({ bamboogle: { 'exact_match,none': 0 }, math_500: {}, aime: {} });
    expect(dgpo).toMatchObject({
      formatVersion: 1,
      settings: { temperature: 0, maxTokens: 8, environment: { topK: 3 } },
      sampling: { method: 'greedy', temperature: 0, topP: 1, seed: 0, samplesPerTask: 1 },
      corpus: { name: 'index', passages: 2 },
      sets: [
        {
          ...{ name: 'bamboogle', samples: 'bamboogle/episodes.jsonl', errors: 0, score: { questions: 2 } },
          // Lima stands in both passages and is found; the Pacific in the second one.
          answerRecall: { questions: 2, corpus: 1, topK: 3 },
          withoutAnswer: { count: 0 },
        },
        { name: 'math-500', score: { questions: 2, kind: 'mathematics' } },
        { name: 'aime', score: { questions: 1 } },
      ],
      averages: { all: { mean: 0, count: 3 }, questionAnswering: { count: 1 }, mathematics: { count: 2 } },
    });
    // Played and not given up for want of room.
    const samples = await readFile(join(folder, 'results/bamboogle/episodes.jsonl'), 'utf8');
    expect(samples.match(/"kind":"policy"/g)?.length).toBeGreaterThanOrEqual(2);
    const html = await readFile(join(folder, 'results/report.html'), 'utf8');
    expect(html.match(/<details class="transcript"/g)).toHaveLength(5);
    const compared = await run(['compare', 'results', 'results']);
    expect(compared.out).toContain('2 shared questions.');
  });

  test('--json prints one object and nothing else; mathematics needs no index; the same command prints the same figures', async () => {
    const words = ['numbers.json', '--json', '--limit', '1', '--temperature', '1', '--samples', '2', '--seed', '7'];
    const first = await evaluate(...words);
    expect(first).toMatchObject({ code: 0, error: '' });
    expect(JSON.parse(first.out).dgpo.sets).toMatchObject([{ name: 'math-500', score: { questions: 1, episodes: 2 } }]);
    expect(JSON.parse(first.out).dgpo.sampling).toMatchObject({ method: 'sampled', temperature: 1, samplesPerTask: 2 });
    const { cost, ...figures } = JSON.parse(first.out);
    expect(cost.overall).toMatchObject({ engine: 'cpu', questions: 1, episodes: 2, searches: 0, errors: 0 });
    expect(cost.overall.policyTokens).toBeGreaterThan(0);
    expect(cost.overall.modelCalls).toBe(2);
    expect(JSON.parse((await evaluate(...words)).out)).toMatchObject(figures);
  });

  test('votes on mathematics, every candidate counted, whatever the batch', async () => {
    const words = ['numbers.json', '--json', '--self-consistent', '3', '--vote-temperature', '1'];
    const first = await evaluate(...words);
    expect(first).toMatchObject({ code: 0, error: '' });
    const { cost, ...figures } = JSON.parse(first.out);
    expect(cost.overall).toMatchObject({ questions: 2, episodes: 2, modelCalls: 6 });
    expect(cost.overall.policyTokens).toBeGreaterThanOrEqual(6);
    const { cost: again, ...same } = JSON.parse((await evaluate(...words, '--batch-size', '1')).out);
    expect(same).toEqual(figures);
    expect(again.overall).toMatchObject({ policyTokens: cost.overall.policyTokens, modelCalls: 6 });
  });

  test.each([
    [['other.jsonl'], /other\.jsonl:1: expected a row of .*MuSiQue .*found the fields text, label/],
    [['none.json'], /none\.json: cannot read/],
    [['questions.csv'], /bamboogle is answered with searches: give either --index DIR or --url URL/],
    [['questions.csv', '--index', 'index', '--url', 'http://127.0.0.1:1'], /give either --index DIR or --url URL/],
    [['questions.csv', '--index', 'nowhere'], /there is no index here/],
    [['numbers.json', '--limit', '0'], /--limit/],
    [['one.jsonl', 'one.jsonl'], /two files of aime have this name/],
    [['gsm-hard'], /gsm-hard is read from its file alone/],
    [['nqq'], /neither a benchmark nor a file "nqq"/],
    [['nq', '--data', 'index'], /index: has no file of nq; expected one of nq\/test\.jsonl/],
    [['nq', '--data', 'questions.csv'], /questions\.csv: has no questions of nq, only of bamboogle/],
  ])('bad input is one line and code 2: %j', async (words, message) => {
    const { code, out, error } = await evaluate(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(message);
  });

  test('an interrupt ends with 130', async () => {
    const controller = new AbortController();
    controller.abort();
    const words = ['run', 'model', '--benchmarks', 'one.jsonl', '--engine', 'cpu', '--json'];
    expect(await run(words, controller.signal)).toEqual({ code: 130, out: '', error: 'interrupted\n' });
  });
});

test('several files of one benchmark are one set, and benchmarks come in the order of the tables', async () => {
  const paths = ['two.jsonl', 'questions.csv', 'one.jsonl'].map((name) => join(folder, name));
  const benchmarks = await openBenchmarks({ benchmarks: paths });
  expect(benchmarks.map(({ name, tasks }) => [name, ...tasks.map(({ id }) => id)])).toEqual([
    ['bamboogle', 'bamboogle-0', 'bamboogle-1'],
    ['aime', 'two.jsonl:0', 'one.jsonl:0'],
  ]);
});

test('a parquet file is known by its content as well', async () => {
  const path = join(folder, 'questions');
  await copyFile(new URL('__fixtures__/bamboogle.parquet', import.meta.url), path);
  const [benchmark, ...others] = await openBenchmarks({ benchmarks: [path], limit: 1 });
  expect(others).toEqual([]);
  expect(benchmark).toEqual({
    name: 'bamboogle',
    kind: 'question-answering',
    tasks: [
      {
        id: 'bamboogle-0',
        question: 'Who built the long bridge?',
        goldenAnswers: ['Ana Rios'],
        metadata: { dataset_name: 'bamboogle' },
      },
    ],
  });
});
