import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTrajectories } from '@dgpo/trajectory';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeEpisode } from '../__fixtures__/make-episode.js';
import { openFakeEndpoint } from '../endpoint/__fixtures__/fake-endpoint.js';
import { runProgram } from '../run-program.js';

let folder = '';
let isWell = true;
let server: Awaited<ReturnType<typeof openFakeEndpoint>>;
const path = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgpo-arc-judge-'));
  server = await openFakeEndpoint(({ body }) => {
    const { graded_answer: answer } = JSON.parse(body.messages[1]?.content ?? '');
    if (answer === 'dollar' && !isWell) return { status: 400, body: { error: { message: 'not now' } } };
    return JSON.stringify({ reason: 'r', correct: answer !== 'dollar' });
  });
  const answers = ['sol', 'Peruvian sol', 'dollar', null];
  await writeTrajectories(
    path('logs.jsonl'),
    answers.map((answer, index) => makeEpisode({ id: `q${index}`, outcome: { answer } })),
  );
});
beforeEach(() => {
  server.requests.length = 0;
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function judge(...words: string[]) {
  let out = '';
  let error = '';
  const write = { writeOut: (text: string) => (out += text), writeError: (text: string) => (error += text) };
  const flags = ['--endpoint', server.url, '--model', 'judge-1', '--cache', path('cache.jsonl'), '--retries', '0'];
  const code = await runProgram(['judge', path('logs.jsonl'), ...flags, ...words], write);
  return { code, out, error };
}

test('what fails is named and asked again, alone', async () => {
  isWell = false;
  const broken = await judge('--out', path('report'));
  expect(broken.code).toBe(1);
  expect(broken.error).toMatch(
    /^error: 1 of 4 verdicts are missing; the first is of episode 3, q2#0: .*status 400: not now\. The same command/,
  );
  expect(broken.error.trim().split('\n')).toHaveLength(1);
  expect(broken.out).toContain('2 judged by judge-1 (prompt 1), 1 without an answer count as wrong; left out: 0');
  expect(broken.out).toContain('1 failed');

  isWell = true;
  server.requests.length = 0;
  const mended = await judge('--out', path('report'));
  expect(mended.code).toBe(0);
  expect(mended.error).toMatch(/^2 replies are those of an earlier run, from .*cache\.jsonl\n$/);
  expect(server.requests).toHaveLength(1);
  expect(mended.out).toMatch(/^correct \(judge\) +0\.500 \[/m);
  expect(mended.out).toMatch(/^judge: right +1 +1$/m);
  const lines = (await readFile(path('report/verdicts.jsonl'), 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).correct)).toEqual([true, true, false, false]);
  const result = JSON.parse(await readFile(path('report/judge.json'), 'utf8'));
  expect(result).toMatchObject({ model: 'judge-1', promptVersion: 1, counts: { judged: 3, unanswered: 1 } });
  expect(result.agreement.confusion).toEqual({ bothCorrect: 1, judgeOnly: 1, exactMatchOnly: 0, neither: 1 });

  server.requests.length = 0;
  expect(JSON.parse((await judge('--json')).out)).toEqual(result);
  expect(server.requests).toEqual([]);
});

test('wrong flags', async () => {
  expect(await judge('--api-key-variable', 'DGPO_NO_SUCH_KEY')).toMatchObject({
    code: 2,
    error: expect.stringContaining('DGPO_NO_SUCH_KEY is not set'),
  });
  expect(await judge('--endpoint', 'nowhere')).toMatchObject({ code: 2, error: expect.stringContaining('not a URL') });
});
