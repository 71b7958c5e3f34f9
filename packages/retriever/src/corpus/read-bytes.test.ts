import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Document } from '../retriever.js';
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
