import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from './run-program.js';

let folder = '';
const path = (name: string) => join(folder, name);
const record = (id: string, more: object = {}) =>
  JSON.stringify({ id, question: `${id}?`, golden_answers: ['a'], response: '<answer>a</answer>', ...more });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgpo-arc-logs-'));
  // Two episodes with golden answers, one without, and seven records that are none.
  const wrong = Array.from({ length: 6 }, (_, index) => record(`x${index}`, { question: '' }));
  const lines = [record('q1'), '{"id": "q2", "quest', record('q3', { golden_answers: [] }), record('q4'), ...wrong];
  await writeFile(path('mixed.jsonl'), lines.join('\n'));
  await writeFile(path('good.jsonl'), record('q1'));
  await writeFile(path('bad.jsonl'), record('q1', { question: '' }));
  await writeFile(path('other.jsonl'), '{"foo": 1}\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(...words: string[]) {
  const streams = { out: '', error: '' };
  const code = await runProgram(words, {
    writeOut: (text) => {
      streams.out += text;
    },
    writeError: (text) => {
      streams.error += text;
    },
  });
  return { code, ...streams };
}

test('rejected records and missing golden answers are said and counted, the rest is scored', async () => {
  const { code, error } = await run('score', path('mixed.jsonl'), '--out', path('report'), '--bootstrap-samples', '10');
  expect(code).toBe(0);
  expect(error.split('\n')).toEqual([
    `warning: ${path('mixed.jsonl')}: 7 of 10 records rejected`,
    expect.stringMatching(/^ {2}line 2: not one whole JSON value: /),
    ...[5, 6, 7, 8].map((line) => `  line ${line}: question: missing or empty`),
    '  and 2 more',
    `warning: ${path('mixed.jsonl')}: 1 of 3 episodes have no golden answers, answer metrics leave them out`,
    '',
  ]);
  const { log, arc } = JSON.parse(await readFile(path('report/results.json'), 'utf8'));
  expect(log).toMatchObject({ format: 'search-r1', episodes: 3, withoutGoldenAnswers: 1, rejected: 7 });
  expect(log.rejections.map(({ line }: { line: number }) => line)).toEqual([2, 5, 6, 7, 8, 9, 10]);
  expect(arc.overall.episodes).toBe(3);
  expect(arc.overall.figures.exactMatch).toMatchObject({ mean: 1, count: 2 });
});

test('with --json the warnings stay out of the object', async () => {
  const { out, error } = await run('score', path('mixed.jsonl'), '--json', '--bootstrap-samples', '10');
  expect(JSON.parse(out).log.rejected).toBe(7);
  expect(error).toContain('7 of 10 records rejected');
});

test.each([
  [['score', 'mixed.jsonl', '--strict'], /mixed\.jsonl:2: not one whole JSON value/],
  [['compare', 'good.jsonl', 'mixed.jsonl', '--strict'], /mixed\.jsonl:2: /],
  [['score', 'bad.jsonl'], /bad\.jsonl: there are no episodes in this file: 1 rejected, the first on line 1: question/],
  [['score', 'other.jsonl'], /other\.jsonl:1: the first record has an unknown shape: \{"foo": 1\} .*react: /],
  [['score', 'good.jsonl', '--format', 'openai'], /good\.jsonl:1: the first record has an unknown shape: .*openai: /],
  [['score', 'good.jsonl', '--format', 'langchain'], /langchain/],
])('%j is bad input: one line and code 2', async (words, message) => {
  const { code, out, error } = await run(...words.map((word) => (word.endsWith('.jsonl') ? path(word) : word)));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(error).toMatch(message);
  expect(error.trim().split('\n')).toHaveLength(1);
});

test('a comparison says what became of both files', async () => {
  const { code, out, error } = await run('compare', path('good.jsonl'), path('mixed.jsonl'), '--json');
  expect(code).toBe(0);
  expect(error).toContain('7 of 10 records rejected');
  expect(JSON.parse(out).logs).toMatchObject({
    baseline: { episodes: 1, rejected: 0 },
    candidate: { episodes: 3, rejected: 7 },
  });
});
