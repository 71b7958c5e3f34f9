import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type FakeReply, type FakeRequest, openFakeEndpoint } from '../endpoint/__fixtures__/fake-endpoint.js';
import { openCachedChat } from '../endpoint/cached-chat.js';
import { createChatEndpoint } from '../endpoint/create-chat-endpoint.js';
import { judgeAnswers } from './judge-answers.js';
import { parseVerdict } from './parse-verdict.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(answer: (request: FakeRequest, count: number) => FakeReply) {
  const server = await openFakeEndpoint(answer);
  closing.push(server.close);
  const chat = createChatEndpoint({ endpoint: server.url, model: 'judge', retries: 0 });
  return { server, chat };
}

const item = (id: string, answer: string | null, goldenAnswers = ['sol']) => ({
  id,
  question: `question ${id}`,
  goldenAnswers,
  answer,
});

const askedId = ({ body }: FakeRequest) => /question (\w+)/.exec(body.messages[1]?.content ?? '')?.[1] ?? '';

const items = [
  item('a', 'the Sol'),
  item('b', 'Peruvian sol'),
  item('c', 'dollar'),
  item('d', null),
  item('e', 'sol', []),
  item('f', 'a'),
  item('g', 'b'),
  item('h', ' '),
];

const replies: Record<string, FakeReply> = {
  a: '{"reason": "equal", "correct": true}',
  b: '{"reason": "more exact", "correct": true}',
  c: 'Incorrect.',
  f: 'hard to say',
  g: { status: 500 },
};

test('verdicts, and what has none, counted and left out of the figures', async () => {
  const { server, chat } = await open((request) => replies[askedId(request)] ?? { status: 404 });
  const summary = await judgeAnswers({ chat, items, concurrency: 2 });
  expect(summary.counts).toEqual({ judged: 3, unanswered: 2, unparseable: 1, failed: 1, withoutGold: 1 });
  expect(summary.answers.map(({ id, status, correct, exactMatch }) => [id, status, correct, exactMatch])).toEqual([
    ['a', 'judged', true, true],
    ['b', 'judged', true, false],
    ['c', 'judged', false, false],
    ['d', 'unanswered', false, false],
    ['e', 'withoutGold', null, null],
    ['f', 'unparseable', null, false],
    ['g', 'failed', null, false],
    ['h', 'unanswered', false, false],
  ]);
  // Two right of a, b, c, d, h; exact match has only a.
  expect(summary.accuracy).toMatchObject({ mean: 2 / 5, count: 5 });
  expect(summary.exactMatch).toMatchObject({ mean: 1 / 5, count: 5 });
  expect(summary.agreement.confusion).toEqual({ bothCorrect: 1, judgeOnly: 1, exactMatchOnly: 0, neither: 1 });
  // Two of three agree; by chance (2 · 1 + 1 · 2) / 9 = 4/9; (2/3 - 4/9) / (5/9) = 0.4
  expect(summary.agreement.kappa.mean).toBeCloseTo(0.4, 12);
  expect(summary.answers[5]?.problem).toBe('hard to say');
  expect(summary.answers[6]?.problem).toContain('status 500');
  expect(server.requests.map(askedId).sort()).toEqual(['a', 'b', 'c', 'f', 'g']);
  expect(server.requests[0]?.body).toMatchObject({ model: 'judge', temperature: 0 });
  expect(JSON.parse(server.requests[0]?.body.messages[1]?.content ?? '')).toEqual({
    question: 'question a',
    accepted_answers: ['sol'],
    graded_answer: 'the Sol',
  });
});

test('a second run asks only for what is missing, and a third for nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dgpo-judge-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'cache', 'verdicts.jsonl');
  let isWell = false;
  const { server, chat } = await open((request) =>
    isWell ? '{"correct": true}' : (replies[askedId(request)] ?? 'no'),
  );
  const keep = ({ text }: { text: string }) => parseVerdict(text) !== null;
  const run = async () => {
    server.requests.length = 0;
    const cached = await openCachedChat({ chat, path, keep });
    const summary = await judgeAnswers({ chat: cached, items });
    await cached.close();
    return { summary, asked: server.requests.map(askedId).sort(), hits: cached.hits };
  };
  expect(await run()).toMatchObject({ asked: ['a', 'b', 'c', 'f', 'g'], hits: 0 });
  // A crash in the middle of a line
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, -9));
  isWell = true;
  const second = await run();
  expect(second.asked).toHaveLength(3);
  expect(second).toMatchObject({ hits: 2 });
  expect(second.asked).toEqual(expect.arrayContaining(['f', 'g']));
  expect(second.summary.counts).toMatchObject({ judged: 5, failed: 0, unparseable: 0 });
  const third = await run();
  expect(third).toMatchObject({ asked: [], hits: 5 });
  expect(third.summary).toEqual(second.summary);
});

test('a server that is down is not asked for ever', async () => {
  const { server, chat } = await open(() => ({ status: 503 }));
  const many = Array.from({ length: 50 }, (_, index) => item(`n${index}`, 'x'));
  const summary = await judgeAnswers({ chat, items: many, concurrency: 4, giveUpAfter: 5 });
  expect(summary.counts.failed).toBe(50);
  expect(server.requests.length).toBeLessThan(12);
  expect(summary.answers.at(-1)?.problem).toMatch(/^not asked: \d+ requests in a row failed$/);
  expect(summary.accuracy.count).toBe(0);
});
