import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Document } from '../retriever.js';
import type { InvalidPassage } from './invalid-passages.js';
import { loadCorpus, type ReadCorpusOptions, readCorpus } from './read-corpus.js';
import { splitTitle } from './split-title.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-formats-'));
});
afterEach(() => rm(directory, { recursive: true }));

const file = async (name: string, content: string | Uint8Array) => {
  const path = join(directory, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  return path;
};
const lines = (...records: unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

const peru: Document = { id: 'a', contents: 'Peru\nLima is its capital, Lima is its capital, Lima is its capital.' };
const chile: Document = { id: 'b', contents: 'Chile\nSantiago' };

describe('BEIR', () => {
  const records = [
    { _id: 'MED-1', title: 'Demon  Dice\n', text: 'A game.\nOf dice.', metadata: {} },
    { _id: 2, title: '', text: 'no title' },
    { _id: '3', text: 'title missing' },
    { _id: '4', title: 'only a title', text: '' },
  ];
  const expected = [
    { id: 'MED-1', contents: '"Demon Dice"\nA game.\nOf dice.' },
    { id: '2', contents: '""\nno title' },
    { id: '3', contents: '""\ntitle missing' },
    { id: '4', contents: '"only a title"\n' },
  ];

  it('is known by its first record, and by its folder', async () => {
    const path = await file('scifact/corpus.jsonl', lines(...records));
    await file('scifact/queries.jsonl', lines({ _id: 'q', text: 'a question' }));
    await file('scifact/readme.md', '# not a passage');
    for (const options of [{ path }, { path: join(directory, 'scifact') }, { path, format: 'beir' as const }]) {
      expect(await loadCorpus(options)).toEqual(expected);
    }
  });

  it('keeps titles and texts so that splitTitle gives them back', async () => {
    const trimmed = fc.string().map((text) => text.trim());
    await fc.assert(
      fc.asyncProperty(trimmed, trimmed, async (title, text) => {
        fc.pre(`${title}${text}` !== '');
        const path = await file('corpus.jsonl', lines({ _id: '1', title, text }));
        const [document] = await loadCorpus({ path });
        expect(splitTitle(document?.contents ?? '')).toEqual({ title: title.replace(/\s+/g, ' '), text });
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    [{ title: 'x', text: 'y' }, /:2: .*_id/],
    [{ _id: '1', title: 'x' }, /:2: .*text/],
    [{ _id: '1', title: 4, text: 'x' }, /:2: .*title/],
    [{ _id: '1', title: ' ', text: ' ' }, /:2: .*empty/],
  ])('refuses %j', async (record, message) => {
    const path = await file('corpus.jsonl', lines(records[0], record));
    await expect(loadCorpus({ path })).rejects.toMatchObject({
      name: 'DatasetError',
      message: expect.stringMatching(message),
    });
  });

  it('takes other names of fields', async () => {
    const path = await file('c.jsonl', lines({ docid: 7, heading: 'T', body: 'x', contents: 'not this' }));
    const fields = { id: 'docid', title: 'heading', text: 'body' };
    expect(await loadCorpus({ path, fields })).toEqual([{ id: '7', contents: '"T"\nx' }]);
    expect(await loadCorpus({ path, fields: { id: 'docid' } })).toEqual([{ id: '7', contents: 'not this' }]);
  });
});

describe('invalid passages', () => {
  const bad = Buffer.concat([
    Buffer.from('nonsense\n{"id": 1, "contents": "one"}\n{"id": 2}\n'),
    Buffer.from([0x22, 0xff, 0x22, 0x0a]),
    Buffer.from(`"${'x'.repeat(500)}"\n{"id": 6, "contents": "six"}\n{"id": `),
  ]);

  it('end the reading, or are left out, counted and told', async () => {
    const path = await file('c.jsonl', bad);
    await expect(loadCorpus({ path })).rejects.toThrow(`${path}:1: expected one JSON value`);
    const told: InvalidPassage[] = [];
    const documents = await loadCorpus({
      path,
      skipInvalid: true,
      maxLineBytes: 100,
      onInvalid: (invalid) => told.push(invalid),
    });
    expect(documents.map(({ id }) => id)).toEqual(['1', '6']);
    expect(told.map(({ where, count }) => [where, count])).toEqual([
      [`${path}:1`, 1],
      [`${path}:3`, 2],
      [`${path}:4`, 3],
      [`${path}:5`, 4],
      [`${path}:7`, 5],
    ]);
    expect(told.map(({ message }) => message)).toEqual([
      expect.stringContaining('expected one JSON value'),
      expect.stringContaining('every passage needs contents'),
      expect.stringContaining('not UTF-8'),
      'this line has 502 bytes; the longest allowed has 100',
      expect.stringContaining('expected one JSON value'),
    ]);
  });

  it('may be all there is', async () => {
    const path = await file('c.jsonl', '1\n2\n');
    await expect(loadCorpus({ path, skipInvalid: true })).rejects.toThrow('no passages');
  });
});

describe('folders of text', () => {
  const chunking = { unit: 'words', size: 8, overlap: 0 } as const;

  it('cuts files below the folder, sorted by path, and does not leave the folder', async () => {
    await file('outside.md', 'secret');
    await file('docs/b.txt', 'plain # no heading\n\nsecond');
    await file('docs/a/guide.md', 'before\n\n# Guide\n\none\n\n## Install ##\ntwo\n\n```sh\n# comment\n```\n');
    await file('docs/a/note.markdown', 'Note\n===\nthree\n');
    await file('docs/.hidden/x.md', 'hidden');
    await file('docs/image.png', 'no text');
    await file('docs/empty.md', '\n\n');
    await symlink(directory, join(directory, 'docs', 'link'));
    await symlink(join(directory, 'outside.md'), join(directory, 'docs', 'link.md'));
    expect(await loadCorpus({ path: join(directory, 'docs'), chunking })).toEqual([
      { id: 'a/guide.md#0', contents: '"guide"\nbefore' },
      { id: 'a/guide.md#1', contents: '"Guide"\none' },
      { id: 'a/guide.md#2', contents: '"Guide > Install"\ntwo\n\n```sh\n# comment\n```' },
      { id: 'a/note.markdown#0', contents: '"Note"\nthree' },
      { id: 'b.txt#0', contents: '"b"\nplain # no heading\n\nsecond' },
    ]);
  });

  it('reads one file, and counts tokens of o200k_base unless told otherwise', async () => {
    const path = await file('notes.md', `# Notes\n${'<|endoftext|> word '.repeat(300)}`);
    const documents = await loadCorpus({ path, chunking: { size: 64, overlap: 0 } });
    expect(documents[0]?.id).toBe('notes.md#0');
    expect(documents.length).toBeGreaterThan(20);
    const counted = await loadCorpus({
      path,
      chunking: { size: 1200, overlap: 0, countTokens: (text) => text.length },
    });
    for (const { contents } of counted) expect(splitTitle(contents).text.length).toBeLessThanOrEqual(1200);
    expect(counted.length).toBe(5);
  });

  it('says that there is nothing', async () => {
    await file('pictures/a.png', '');
    const path = join(directory, 'pictures');
    await expect(loadCorpus({ path })).rejects.toThrow(/pictures: there is no corpus\.jsonl, \.parquet, \.txt/);
    await expect(loadCorpus({ path, format: 'beir' })).rejects.toThrow(/there is no corpus\.jsonl in this folder/);
  });

  it.each([
    [{ chunking: { size: 7 } }, /chunking\.size/],
    [{ chunking: { size: 10, overlap: 6 } }, /chunking\.overlap/],
    [{ chunking: { unit: 'letters' } }, /chunking\.unit/],
    [{ format: 'csv' }, /format: this is one of/],
    [{ maxLineBytes: 0 }, /maxLineBytes/],
  ])('refuses %j', async (options, message) => {
    const path = await file('a.md', 'x');
    await expect(loadCorpus({ path, ...options } as ReadCorpusOptions)).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(message),
    });
  });
});

describe('a large corpus', () => {
  it('streams: memory does not grow with it', async () => {
    const path = await file('large.jsonl', '');
    const block = Array.from({ length: 1000 }, (_, index) => `{"id":${index},"contents":"${'x'.repeat(400)}"}\n`).join(
      '',
    );
    for (let part = 0; part < 200; part++) await writeFile(path, block, { flag: 'a' });
    let passages = 0;
    let most = 0;
    const before = process.memoryUsage();
    for await (const { contents } of readCorpus({ path })) {
      passages += contents.length === 400 ? 1 : 0;
      if (passages % 5000 !== 0) continue;
      const now = process.memoryUsage();
      most = Math.max(most, now.heapUsed + now.external - before.heapUsed - before.external);
    }
    expect(passages).toBe(200_000);
    // The file has 87 MB; garbage that waits to be collected is in the figure.
    expect(most).toBeLessThan(32e6);
  });

  it('ends with the reason of the signal', async () => {
    const path = await file('c.jsonl', lines(peru, chile));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(loadCorpus({ path, signal })).rejects.toThrow('enough');
  });
});
