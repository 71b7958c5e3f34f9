import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InvalidPassage } from './invalid-passages.js';
import { loadCorpus } from './read-corpus.js';

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

  it('whatever bytes are changed: it is read or refused, and nothing else happens', async () => {
    const whole = parquet([
      { name: 'id', data: ids },
      { name: 'contents', data: contents },
    ]);
    const changes = fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 3,
    });
    const property = fc.asyncProperty(changes, async (bytes) => {
      const changed = Uint8Array.from(whole);
      for (const [index, byte] of bytes) changed[index] = byte;
      const read = loadCorpus({ path: await file('c.parquet', changed), skipInvalid: true });
      const refused = await read.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refused !== undefined) expect(refused).toMatchObject({ name: 'DatasetError' });
    });
    await fc.assert(property, { numRuns: 150, examples: [[[[519, 50]]]] });
  });
});
