import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, DatasetError, ModelError, type Task } from '@dgpo/trajectory';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scripted } from '../teachers/__fixtures__/fake-server.js';
import {
  type CollectChainsOfThoughtOptions,
  collectChainsOfThought,
  readChainsOfThought,
} from './collect-chains-of-thought.js';
import { createServerTextGenerator, type TextRequest } from './server-text-generator.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chains-'));
  path = join(directory, 'chains.jsonl');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const tasks = ['a', 'b', 'c', 'd'].map((id): Task => ({ id, question: `${id}?`, goldenAnswers: [] }));

/** A teacher that answers with the question, or as `script` says for it, once for each attempt. */
function teacher(script: Record<string, (string | Error)[]> = {}) {
  const asked: { question: string; seed: number; temperature: number; maxTokens: number }[] = [];
  const generate = async ({ messages, seed, temperature, maxTokens }: TextRequest) => {
    const question = /Question: (.*)$/.exec(messages[0]?.content ?? '')?.[1] ?? '';
    const attempt = asked.filter((one) => one.question === question).length;
    asked.push({ question, seed, temperature, maxTokens });
    // The first questions take longest.
    for (let turn = 'd'.charCodeAt(0) - question.charCodeAt(0); turn > 0; turn--) await Promise.resolve();
    const answer = script[question]?.[attempt] ?? `about ${question}`;
    if (answer instanceof Error) throw answer;
    return { text: answer, finishReason: 'stop' as const };
  };
  return { generate, asked };
}
const collect = (options: Partial<CollectChainsOfThoughtOptions> = {}) =>
  collectChainsOfThought({ path, tasks, generate: teacher().generate, ...options });
const lines = async () =>
  (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

test('asks every question once and writes in the order of the tasks', async () => {
  const { generate, asked } = teacher();
  const chains = await collect({ generate, concurrency: 3 });
  expect(await lines()).toEqual(tasks.map(({ id, question }) => ({ taskId: id, question, text: `about ${question}` })));
  expect([...chains.keys()]).toEqual(['a', 'b', 'c', 'd']);
  expect(asked).toHaveLength(4);
  expect(asked[0]).toMatchObject({ temperature: 0, maxTokens: 4096 });
});

test('tries again with other seeds after empty answers; what stays empty or is thrown is a line', async () => {
  const { generate, asked } = teacher({
    'a?': ['', '', ''],
    'b?': ['', ' ', 'at last'],
    'c?': [new Error('no')],
  });
  const chains = await collect({ generate, retries: 2 });
  expect(chains.get('b')).toEqual({ taskId: 'b', question: 'b?', text: 'at last' });
  expect(chains.get('c')).toEqual({ taskId: 'c', question: 'c?', text: null, error: 'no' });
  expect(chains.get('a')).toMatchObject({ text: null, error: 'the answer is empty' });
  const seeds = asked.filter(({ question }) => question === 'b?').map(({ seed }) => seed);
  expect(new Set(seeds).size).toBe(3);
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31)).toBe(true);
});

test('a server that does not answer is asked as often as its generator says', async () => {
  const { options, requests } = scripted([new Error('hang up')]);
  const generate = createServerTextGenerator({ ...options, model: 'm', retries: 2 });
  const chains = await collect({ generate, tasks: tasks.slice(0, 1) });
  expect(chains.get('a')?.error).toMatch(/no answer after 3 attempts \(hang up\)/);
  expect(requests).toHaveLength(3);
});

test('goes on where the file ends: torn line, failures and missing questions are asked again', async () => {
  const broken = teacher({ 'b?': [new Error('down')] });
  await collect({ generate: broken.generate, tasks: tasks.slice(0, 3), retries: 0 });
  await appendFile(path, '{"taskId":"d","ques');
  const { generate, asked } = teacher();
  const chains = await collect({ generate });
  expect(asked.map(({ question }) => question)).toEqual(['b?', 'd?']);
  expect([...chains].map(([id, { text }]) => [id, text]).sort()).toEqual(tasks.map(({ id }) => [id, `about ${id}?`]));
  expect((await readChainsOfThought(path)).get('b')?.text).toBe('about b?');
});

test('a teacher that is gone ends it, and what was collected stays', async () => {
  const dead = Object.fromEntries(['b?', 'c?'].map((question) => [question, [new Error('refused')]]));
  const run = collect({ generate: teacher(dead).generate, retries: 0, maxFailuresInARow: 2, concurrency: 1 });
  await expect(run).rejects.toThrow(ModelError);
  await expect(run).rejects.toThrow('task c: 2 questions in a row failed, the last one with: refused');
  expect(await lines()).toHaveLength(3);
});

test('aborting and errors of the configuration end it at once', async () => {
  const controller = new AbortController();
  const generate = async ({ signal }: TextRequest) => {
    controller.abort(new Error('enough'));
    signal?.throwIfAborted();
    return { text: 'x', finishReason: 'stop' as const };
  };
  await expect(collect({ generate, signal: controller.signal })).rejects.toThrow('enough');
  let calls = 0;
  const unset = async () => {
    calls += 1;
    throw new ConfigError('no key');
  };
  await expect(collect({ generate: unset, concurrency: 1 })).rejects.toThrow('no key');
  expect(calls).toBe(1);
});

test('refuses files of something else, colliding tasks and options out of range', async () => {
  await collect({ tasks: tasks.slice(0, 1) });
  const changed = [{ ...tasks[0], question: 'another?' } as Task];
  await expect(collect({ tasks: changed })).rejects.toThrow('another question for task a');
  await expect(collect({ tasks: [...tasks, ...tasks] })).rejects.toThrow(DatasetError);
  await writeFile(path, '{"taskId":"a"}\n');
  await expect(collect()).rejects.toThrow(`${path}, record 1: expected taskId`);
  await writeFile(path, 'null\n');
  await expect(collect()).rejects.toThrow(DatasetError);
  for (const options of [
    { concurrency: 0 },
    { retries: -1 },
    { maxTokens: 0 },
    { maxFailuresInARow: 0 },
    { temperature: -1 },
  ]) {
    await expect(collect(options)).rejects.toThrow(ConfigError);
  }
});
