import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCorpus, readCorpus } from './read-corpus.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-corpus-'));
});
afterAll(() => rm(directory, { recursive: true }));

const file = async (name: string, ...lines: string[]) => {
  const path = join(directory, name);
  await writeFile(path, lines.join('\n'));
  return path;
};
const readAll = async (path: string) => {
  const documents = [];
  for await (const document of readCorpus({ path })) documents.push(document);
  return documents;
};

describe('readCorpus', () => {
  it('streams id and contents, takes numeric ids and skips blank lines', async () => {
    const path = await file(
      'good.jsonl',
      '{"id": "a", "contents": "T\\nx\u2028y", "more": 1}',
      '',
      '{"id": 7, "contents": "z"}',
    );
    expect(await readAll(path)).toEqual([
      { id: 'a', contents: 'T\nx\u2028y' },
      { id: '7', contents: 'z' },
    ]);
  });

  it.each([
    ['{"id": "1", "contents": ', /:2: /],
    ['{"contents": "x"}', /:2: .*id/],
    ['{"id": "", "contents": "x"}', /:2: .*id/],
    ['{"id": "1"}', /:2: .*contents/],
    ['{"id": "1", "contents": " "}', /:2: .*empty/],
    ['[1]', /:2: .*passage is an object/],
  ])('names file and line of %s', async (line, message) => {
    const path = await file('bad.jsonl', '{"id": "0", "contents": "x"}', line);
    await expect(readAll(path)).rejects.toMatchObject({
      name: 'DatasetError',
      message: expect.stringMatching(message),
    });
    await expect(readAll(path)).rejects.toThrow('bad.jsonl:2');
  });

  it('names a missing file', async () => {
    await expect(readAll(join(directory, 'absent.jsonl'))).rejects.toThrow(/absent\.jsonl: .*no such file/);
  });
});

describe('loadCorpus', () => {
  it('refuses ids that occur twice and corpora without passages', async () => {
    const twice = await file('twice.jsonl', '{"id": "0", "contents": "x"}', '{"id": 0, "contents": "y"}');
    await expect(loadCorpus({ path: twice })).rejects.toThrow(/"0" occurs twice/);
    await expect(loadCorpus({ path: await file('empty.jsonl', '', '') })).rejects.toThrow(/no passages/);
  });
});
