import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSftData } from './hold-out.js';
import { readExamples, type SftExample } from './read-examples.js';
import { sftRecipeSchema } from './sft-schema.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sft-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(lines: readonly unknown[]): Promise<string> {
  const path = join(folder, `${lines.length}-${Math.abs(JSON.stringify(lines).length)}.jsonl`);
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

it('reads every shape, and ignores other keys', async () => {
  const messages = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi' },
  ];
  const path = await fileOf([
    { text: 'plain' },
    { id: '1', contents: 'Title\nA passage.' },
    { prompt: '', completion: 'from nothing' },
    { messages, source: 'somewhere' },
  ]);
  expect(await readExamples({ path })).toEqual([
    { kind: 'text', text: 'plain' },
    { kind: 'text', text: 'Title\nA passage.' },
    { kind: 'completion', prompt: '', completion: 'from nothing' },
    { kind: 'messages', messages },
  ]);
});

it.each([
  [
    'another shape',
    [{ text: 'x' }, { question: 'y' }],
    /:2: .*needs text, contents, prompt and completion, or messages/,
  ],
  ['an empty text', [{ text: '' }], /:1: /],
  ['a prompt alone', [{ prompt: 'x' }], /:1: /],
  ['nothing', [], /has no examples/],
])('names file and line for %s', async (_, lines, message) => {
  await expect(readExamples({ path: await fileOf(lines) })).rejects.toThrow(message);
});

const recipe = (data: { train: string; test?: string; testSize?: number }, seed = 0) =>
  sftRecipeSchema.parse({ method: 'sft', model: 'x', data, seed });

it('holds out lines by the seed, without losing or doubling any', async () => {
  const texts = Array.from({ length: 30 }, (_, index) => `text ${index}`);
  const train = await fileOf(texts.map((text) => ({ text })));
  const textsOf = (examples: readonly SftExample[]) =>
    examples.flatMap((item) => (item.kind === 'text' ? item.text : []));
  const split = await readSftData(recipe({ train, testSize: 10 }));
  expect(split.test).toHaveLength(10);
  expect([...textsOf(split.train), ...textsOf(split.test)].sort()).toEqual([...texts].sort());
  expect(await readSftData(recipe({ train, testSize: 10 }))).toEqual(split);
  expect((await readSftData(recipe({ train, testSize: 10 }, 1))).test).not.toEqual(split.test);
});

it('takes a test file as it is', async () => {
  const train = await fileOf([{ text: 'a' }, { text: 'b' }]);
  const test = await fileOf([{ text: 'held out' }]);
  const data = await readSftData(recipe({ train, test }));
  expect(data).toEqual({
    train: [
      { kind: 'text', text: 'a' },
      { kind: 'text', text: 'b' },
    ],
    test: [{ kind: 'text', text: 'held out' }],
  });
});

it('refuses to hold out everything', async () => {
  const train = await fileOf([{ text: 'a' }, { text: 'b' }]);
  await expect(readSftData(recipe({ train, testSize: 2 }))).rejects.toThrow('data.testSize: holds out 2 of 2 examples');
});
