import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
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

/** A zstd frame of uncompressed blocks with a window of 128 KiB and no checksum (RFC 8878, 3.1.1). */
function zstdFrame(data: Uint8Array, blockBytes = 1000): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38)];
  for (let start = 0; start < data.length || start === 0; start += blockBytes) {
    const block = data.subarray(start, start + blockBytes);
    const header = (block.length << 3) | (start + blockBytes >= data.length ? 1 : 0);
    parts.push(Uint8Array.of(header & 255, (header >> 8) & 255, header >> 16), block);
  }
  return Buffer.concat(parts);
}

/** The lines of peru and chile, written by `zstd -19` 1.5. */
const zstdFixture =
  'KLUv/SSFXQIAgoQPEZB9ErGDwGQD7LH8+Jgl8zkdYDt96vFUaCYXH5YFto8gosJfFQsXf7gflHwzU7buOPGLp8OTMheunHh71wEDACAFGFwSsZxQBLiD9g==';

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

describe('compressed corpora', () => {
  const text = lines(peru, chile);

  it('reads gzip, also of several members', async () => {
    const path = await file('c.jsonl.gz', Buffer.concat([gzipSync(lines(peru)), gzipSync(lines(chile))]));
    expect(await loadCorpus({ path })).toEqual([peru, chile]);
    await file('folder/corpus.jsonl.gz', gzipSync(text));
    expect(await loadCorpus({ path: join(directory, 'folder') })).toEqual([peru, chile]);
  });

  it('reads zstd, also of several frames', async () => {
    const frame = Buffer.from(zstdFixture, 'base64');
    expect(await loadCorpus({ path: await file('c.jsonl.zst', frame) })).toEqual([peru, chile]);
    const other = zstdFrame(Buffer.from(lines({ id: 'c', contents: 'x'.repeat(300_000) })), 100_000);
    const documents = await loadCorpus({ path: await file('c.zst', Buffer.concat([frame, other])) });
    expect(documents.map(({ id, contents }) => [id, contents.length])).toEqual([
      ['a', peru.contents.length],
      ['b', chile.contents.length],
      ['c', 300_000],
    ]);
  });

  it('reads the same from any blocks, with lines across them', async () => {
    const documents = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), { minLength: 1 });
    const property = fc.asyncProperty(documents, fc.integer({ min: 1, max: 300 }), async (contents, blockBytes) => {
      const records = contents.map((part, index) => ({ id: String(index), contents: `x${part}` }));
      const bytes = Buffer.from(lines(...records));
      expect(await loadCorpus({ path: await file('c.zst', zstdFrame(bytes, blockBytes)) })).toEqual(records);
      expect(await loadCorpus({ path: await file('c.gz', gzipSync(bytes)) })).toEqual(records);
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it.each([
    ['c.jsonl.gz', gzipSync(text)],
    ['c.jsonl.zst', zstdFrame(Buffer.from(text), 20)],
    ['d.jsonl.zst', Buffer.from(zstdFixture, 'base64')],
  ])('says that %s is truncated, wherever it ends', async (name, bytes) => {
    for (let length = 1; length < bytes.length; length += 1) {
      const path = await file(name, bytes.subarray(0, length));
      await expect(loadCorpus({ path, skipInvalid: true }), String(length)).rejects.toMatchObject({
        name: 'DatasetError',
        message: expect.stringContaining('truncated or damaged'),
      });
    }
  });

  it('refuses bytes that are not compressed, and windows that would fill the memory', async () => {
    for (const name of ['c.gz', 'c.zst']) {
      await expect(loadCorpus({ path: await file(name, text) })).rejects.toThrow('truncated or damaged');
    }
    const wide = Buffer.from(zstdFrame(Buffer.from(text)));
    wide[5] = 0x98;
    await expect(loadCorpus({ path: await file('w.zst', wide) })).rejects.toThrow('window above 128 MiB');
    const single = Buffer.concat([wide.subarray(0, 4), Buffer.of(0xa0, 0, 0, 0, 0x40), wide.subarray(6)]);
    await expect(loadCorpus({ path: await file('s.zst', single) })).rejects.toThrow('window above 128 MiB');
    await expect(loadCorpus({ path: join(directory, 'absent.zst') })).rejects.toThrow('no such file');
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

describe('parquet', () => {
  type Columns = Parameters<typeof parquetWriteBuffer>[0]['columnData'];
  const parquet = (columnData: Columns, rowGroupSize = 2) =>
    new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const contents = ids.map((id) => `"Title ${id}"\ntext of ${id} — ü`);
  const expected = ids.map((id, index) => ({ id, contents: contents[index] }));

  it('reads ids and contents over several row groups, and shards of a folder in order', async () => {
    const path = await file(
      'c.parquet',
      parquet([
        { name: 'other', data: [1, 2, 3, 4, 5], type: 'INT32' },
        { name: 'id', data: ids },
        { name: 'contents', data: contents },
      ]),
    );
    expect(await loadCorpus({ path })).toEqual(expected);
    const shard = (from: number, to: number) =>
      parquet([
        { name: 'id', data: ids.slice(from, to) },
        { name: 'contents', data: contents.slice(from, to) },
      ]);
    await file('data/train-1.parquet', shard(3, 5));
    await file('data/train-0.parquet', shard(0, 3));
    expect(await loadCorpus({ path: join(directory, 'data') })).toEqual(expected);
  });

  it('reads ids, titles and texts, numeric ids and other names', async () => {
    const path = await file(
      'beir.parquet',
      parquet([
        { name: '_id', data: [1n, 2n, 9007199254740993n], type: 'INT64' },
        { name: 'title', data: ['T', null, ''], type: 'STRING', nullable: true },
        { name: 'text', data: ['x', 'y', 'z'] },
      ]),
    );
    expect(await loadCorpus({ path })).toEqual([
      { id: '1', contents: '"T"\nx' },
      { id: '2', contents: '""\ny' },
      { id: '9007199254740993', contents: '""\nz' },
    ]);
    const other = await file(
      'other.parquet',
      parquet([
        { name: 'n', data: ids },
        { name: 'body', data: contents },
      ]),
    );
    expect(await loadCorpus({ path: other, fields: { id: 'n', contents: 'body' } })).toEqual(expected);
  });

  it('says which columns are missing and which rows are no passages', async () => {
    const other = await file(
      'other.parquet',
      parquet([
        { name: 'n', data: ids },
        { name: 'body', data: contents },
      ]),
    );
    await expect(loadCorpus({ path: other })).rejects.toThrow(
      'there is no column "id" and no "contents" (columns: n, body)',
    );
    const path = await file(
      'c.parquet',
      parquet([
        { name: 'id', data: ids },
        { name: 'contents', data: ['x', 'y', ' ', 'z', ' '] },
      ]),
    );
    await expect(loadCorpus({ path })).rejects.toThrow(`${path}: row 3: this passage is empty`);
    const told: InvalidPassage[] = [];
    const documents = await loadCorpus({ path, skipInvalid: true, onInvalid: (invalid) => told.push(invalid) });
    expect(documents.map(({ id }) => id)).toEqual(['a', 'b', 'd']);
    expect(told.map(({ where }) => where)).toEqual([`${path}: row 3`, `${path}: row 5`]);
  });

  it('says that a file is damaged', async () => {
    const whole = parquet([
      { name: 'id', data: ids },
      { name: 'contents', data: contents },
    ]);
    const path = await file('c.parquet', whole);
    await truncate(path, whole.length - 10);
    await expect(loadCorpus({ path })).rejects.toThrow(/c\.parquet: this is not a parquet file, or it is damaged/);
    const hole = await file('hole.parquet', Buffer.concat([whole.subarray(0, 4), whole.subarray(300)]));
    await expect(loadCorpus({ path: hole, skipInvalid: true })).rejects.toMatchObject({ name: 'DatasetError' });
    await expect(loadCorpus({ path: await file('empty.parquet', '') })).rejects.toThrow('not a parquet file');
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
