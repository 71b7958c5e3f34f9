import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildIndexDirectory } from './index-directory.js';
import { readIndexDirectory } from './index-manifest.js';

const hash = 'a'.repeat(64);
const manifest = (documents: number) => ({
  kind: 'bm25' as const,
  settings: {},
  fingerprint: hash,
  corpus: { documents, fingerprint: hash },
});

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-index-directory-'));
  directory = join(root, 'index');
});
afterEach(() => rm(root, { recursive: true }));

const build = (documents: number, text: string) =>
  buildIndexDirectory({
    directory,
    async write(index) {
      await writeFile(join(index.directory, 'part.txt'), text);
      await index.complete(manifest(documents));
    },
  });

describe('buildIndexDirectory', () => {
  it('replaces an index and leaves nothing beside it', async () => {
    await build(1, 'one');
    await build(2, 'two');
    expect((await readIndexDirectory({ directory })).corpus.documents).toBe(2);
    expect(await readFile(join(directory, 'part.txt'), 'utf8')).toBe('two');
    expect(await readdir(root)).toEqual(['index']);
  });

  it('keeps the old index when the new one fails, and what was done of it', async () => {
    await build(1, 'one');
    const failing = buildIndexDirectory({
      directory,
      async write(index) {
        await writeFile(join(index.directory, 'part.txt'), 'two');
        await writeFile(join(index.work, 'shard'), 'done');
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      },
    });
    await expect(failing).rejects.toMatchObject({
      name: 'RetrieverError',
      message: expect.stringMatching(/no space left.*free some space and run the same command again/),
    });
    expect(await readFile(join(directory, 'part.txt'), 'utf8')).toBe('one');
    expect(await readdir(root)).toEqual(['index', 'index.building']);
    await buildIndexDirectory({
      directory,
      async write(index) {
        expect(await readdir(index.directory)).toEqual([]);
        expect(await readFile(join(index.work, 'shard'), 'utf8')).toBe('done');
        await index.complete(manifest(3));
      },
    });
    expect((await readIndexDirectory({ directory })).corpus.documents).toBe(3);
    expect(await readdir(root)).toEqual(['index']);
  });

  it('brings the former index back when a replacement was cut off between its renames', async () => {
    await build(1, 'one');
    await rename(directory, `${directory}.previous`);
    expect((await readIndexDirectory({ directory })).corpus.documents).toBe(1);
    await rename(directory, `${directory}.previous`);
    await build(2, 'two');
    expect(await readdir(root)).toEqual(['index']);
  });

  it('refuses a second build at the same time, and takes over the lock of a dead process', async () => {
    await buildIndexDirectory({
      directory,
      async write(index) {
        await expect(build(2, 'two')).rejects.toThrow(`process ${process.pid} is building this index`);
        await index.complete(manifest(1));
      },
    });
    expect((await readIndexDirectory({ directory })).corpus.documents).toBe(1);
    await mkdir(`${directory}.building`);
    // Above the largest process id of Linux and macOS.
    await writeFile(join(`${directory}.building`, 'lock'), String(2 ** 30));
    await build(2, 'two');
    expect((await readIndexDirectory({ directory })).corpus.documents).toBe(2);
  });

  it('refuses a directory that holds something else', async () => {
    await mkdir(directory);
    await writeFile(join(directory, 'thesis.md'), 'do not lose this');
    await expect(build(1, 'one')).rejects.toThrow(/is not an index; choose another directory/);
    expect(await readdir(root)).toEqual(['index']);
    expect(await readdir(directory)).toEqual(['thesis.md']);
  });

  it('writes into an empty directory', async () => {
    await mkdir(directory);
    await build(1, 'one');
    expect((await readIndexDirectory({ directory })).corpus.documents).toBe(1);
  });
});

describe('readIndexDirectory', () => {
  beforeEach(() => build(1, 'one'));

  it('finds a file of another size whatever it verifies, and one of other bytes when it does', async () => {
    await writeFile(join(directory, 'part.txt'), 'ONE');
    await expect(readIndexDirectory({ directory })).rejects.toThrow(/part\.txt: the file is damaged: its SHA-256/);
    await expect(readIndexDirectory({ directory, verify: false })).resolves.toBeDefined();
    await writeFile(join(directory, 'part.txt'), 'on');
    await expect(readIndexDirectory({ directory, verify: false })).rejects.toThrow(/2 bytes instead of 3/);
    await rm(join(directory, 'part.txt'));
    await expect(readIndexDirectory({ directory, verify: false })).rejects.toThrow(/part\.txt: .*cannot be read/);
  });

  it.each([
    ['not JSON', '{', /not JSON/],
    ['another version', '{"formatVersion": 1}', /format version 1 is not known here/],
    ['a missing part', '{"formatVersion": 2}', /the manifest is damaged \(kind/],
  ])('refuses a manifest that is %s', async (_, text, message) => {
    await writeFile(join(directory, 'manifest.json'), text);
    await expect(readIndexDirectory({ directory })).rejects.toThrow(message);
  });

  it('refuses a manifest that names files elsewhere', async () => {
    const path = join(directory, 'manifest.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"part.txt"', '"../../etc/passwd"'));
    await expect(readIndexDirectory({ directory })).rejects.toThrow(/the manifest is damaged/);
  });
});
