import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type FakeReply, openFakeEndpoint } from '../endpoint/__fixtures__/fake-endpoint.js';
import { runProgram } from '../run-program.js';

let folder = '';
let server: Awaited<ReturnType<typeof openFakeEndpoint>>;
/** What the model says to a question when it may not think, when it may, and as its first query. */
let says: Record<string, [FakeReply, FakeReply, FakeReply]> = {};
const path = (name: string) => join(folder, name);

const question = (id: string, answer: string) => ({
  id,
  question: `question ${id}?`,
  golden_answers: [answer],
  metadata: {
    supporting_facts: { title: [`Title ${id}`], sent_id: [0] },
    context: { title: ['Other', `Title ${id}`], sentences: [['No.'], [`It is ${answer}.`]] },
  },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgpo-arc-components-'));
  server = await openFakeEndpoint(({ path: asked, body }) => {
    if (asked === '/retrieve') {
      const result = body.queries.map((query) => [
        { document: { id: query, contents: `"Title ${query.slice(-1)}"\nAbout ${query}.` }, score: 1 },
      ]);
      return { body: { result } };
    }
    const prompt = body.messages[0]?.content ?? '';
    const id = /question (\w+)\?/.exec(prompt)?.[1] ?? '';
    if (prompt.includes('<done>')) return '<done>';
    const place = prompt.includes('search engine') ? 2 : prompt.includes('<think>') ? 1 : 0;
    return says[id]?.[place] ?? { status: 404 };
  });
  const records = [question('a', 'sol'), question('b', 'peso'), question('c', 'real')];
  await writeFile(path('questions.jsonl'), records.map((record) => JSON.stringify(record)).join('\n'));
  await writeFile(path('bare.jsonl'), JSON.stringify({ id: 'x', question: 'question a?', golden_answers: ['sol'] }));
});
beforeEach(() => {
  server.requests.length = 0;
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function components(name: string, ...words: string[]) {
  let out = '';
  let error = '';
  const write = { writeOut: (text: string) => (out += text), writeError: (text: string) => (error += text) };
  const flags = ['--endpoint', server.url, '--retries', '0', '--bootstrap-samples', '50'];
  const code = await runProgram(['components', path(name), ...flags, ...words], write);
  return { code, out, error };
}

const first = () => ['--model', 'first', '--cache', path('first.jsonl')];

test('the three components of a model behind an API', async () => {
  says = {
    a: ['<answer>sol</answer>', '<think>so</think><answer>sol</answer>', '<search>sol a</search>'],
    b: ['<answer>dollar</answer>', '<answer>peso</answer>', '<search>peso c</search>'],
    c: ['<answer>real</answer>', '<answer>dollar</answer>', 'no query'],
  };
  const { code, out, error } = await components(
    'questions.jsonl',
    ...first(),
    ...['--retriever', server.url, '--out', path('report')],
  );
  expect({ code, error }).toEqual({ code: 0, error: '' });
  expect(out).toMatch(/^source referencing +exact match +0\.667 \[/m);
  expect(out).toMatch(/^thinking +exact match +0\.667 \[/m);
  expect(out).toMatch(/^query rewriting +first query hits answer +0\.667 \[/m);
  expect(out).toMatch(/^query rewriting +first query hits source +0\.333 \[/m);
  expect(out).toMatch(/^query rewriting +executed searches +0\.667 \[/m);
  // One gained and one lost by thinking
  expect(out).toMatch(/^thinking +exact match +0\.667 +0\.667 +0\.000 \[.* 1\.000 +1\.000 +3$/m);
  expect((await readdir(path('report'))).sort()).toEqual(['components.json', 'components.jsonl', 'report.html']);
  const result = JSON.parse(await readFile(path('report/components.json'), 'utf8'));
  expect(result).toMatchObject({
    model: 'first',
    components: { thinking: { exactMatch: { count: 3 }, skippedTasks: 0, failedTasks: 0 } },
  });
  expect(await readFile(path('report/report.html'), 'utf8')).toContain('Agentic RAG capabilities of first');

  server.requests.length = 0;
  const again = await components('questions.jsonl', ...first(), '--retriever', server.url, '--json');
  expect(JSON.parse(again.out)).toEqual(result);
  expect(server.requests.every(({ path: asked }) => asked === '/retrieve')).toBe(true);
});

test('a second model against the first, and a reply that is missing', async () => {
  says = {
    a: ['<answer>sol</answer>', '<answer>sol</answer>', ''],
    b: ['<answer>peso</answer>', '<answer>peso</answer>', ''],
    c: ['<answer>real</answer>', { status: 500 }, ''],
  };
  const second = ['--model', 'second', '--cache', path('second.jsonl'), '--baseline', path('report/components.jsonl')];
  const broken = await components('questions.jsonl', ...second);
  expect(broken.code).toBe(1);
  expect(broken.error).toMatch(/^error: 1 replies are missing, .*status 500.*\n$/);
  expect(broken.out).toMatch(/^source referencing +exact match +0\.667 +1\.000 +0\.333 \[.* 1\.000 +1\.000 +3$/m);
  expect(broken.out).toMatch(/^thinking +exact match +1\.000 +1\.000 +0\.000 \[.* 2$/m);
  expect(broken.out).toContain('thinking leaves out 0 without gold and 1 failed; query rewriting was not measured.');
  says.c = ['', '<answer>real</answer>', ''];
  server.requests.length = 0;
  expect((await components('questions.jsonl', ...second)).code).toBe(0);
  expect(server.requests).toHaveLength(1);
});

test.each([
  { name: 'bare.jsonl', words: [], message: 'no record brings its gold passages' },
  { name: 'questions.jsonl', words: ['--baseline', 'questions.jsonl'], message: 'as in components.jsonl' },
  { name: 'questions.jsonl', words: ['--retriever', 'nowhere'], message: 'not a URL' },
  { name: 'nothing.jsonl', words: [], message: 'no such file' },
])('$name $words is refused', async ({ name, words, message }) => {
  const given = words.map((word) => (word.endsWith('.jsonl') ? path(word) : word));
  const { code, error } = await components(name, ...first(), ...given);
  expect(code).toBe(2);
  expect(error).toContain(message);
  expect(error.trim().split('\n')).toHaveLength(1);
});
