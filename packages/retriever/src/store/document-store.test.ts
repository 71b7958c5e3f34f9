import {
  appendFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintCorpus } from '../corpus/fingerprint.js';
import { loadCorpus } from '../corpus/read-corpus.js';
import type { Document } from '../retriever.js';
import { createMemoryStore, type DocumentStore, openDocumentStore, writeDocumentStore } from './document-store.js';

let root: string;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-store-'));
});
afterAll(() => rm(root, { recursive: true }));

const freshDirectory = async () => {
  const directory = join(root, String(count++));
  await mkdir(directory);
  return directory;
};
const written = async (documents: readonly Document[]) => {
  const directory = await freshDirectory();
  await writeDocumentStore({ documents, directory });
  return directory;
};
const collect = async (store: DocumentStore) => {
  const documents: Document[] = [];
  for await (const document of store.documents()) documents.push(document);
  return documents;
};
const generate = (size: number): Document[] =>
  Array.from({ length: size }, (_, index) => ({ id: `doc-${index}`, contents: `"Title ${index}"\ntext of ${index}` }));

/** Files of the directory that this process has open; nothing where the platform does not tell. */
const openFiles = async (directory: string) => {
  const handles = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(directory));
};

const awkward: Document[] = [
  { id: 'a', contents: 'Peru\n\n\nempty lines, \u2028 and \r\n inside' },
  { id: 'ß/ü#3', contents: '"Quoted"\n𝄞 and \\ and \u0000' },
  { id: ' ', contents: 'x' },
  { id: '__proto__', contents: 'y\ud800' },
  { id: '7', contents: 'z'.repeat(100_000) },
];

describe.each<[string, (documents: readonly Document[]) => Promise<DocumentStore>]>([
  ['memory', async (documents) => createMemoryStore(documents)],
  ['disk', async (documents) => openDocumentStore({ directory: await written(documents) })],
])('a store in %s', (_, create) => {
  it('gives passages by position, in the order asked for, also twice', async () => {
    const store = await create(awkward);
    expect(store.size).toBe(5);
    expect(store.fingerprint).toBe(fingerprintCorpus(awkward));
    expect(await store.get([4, 0, 3, 0, 1, 2])).toEqual([4, 0, 3, 0, 1, 2].map((position) => awkward[position]));
    expect(await store.get([])).toEqual([]);
    expect(await collect(store)).toEqual(awkward);
    await store.close();
    await store.close();
  });

  it('finds passages by id', async () => {
    const store = await create(awkward);
    const ids = ['7', 'absent', ' ', 'a', '__proto__', 'ß/ü#3', '', 'a'];
    expect(await store.find(ids)).toEqual([4, undefined, 2, 0, 3, 1, undefined, 0]);
    await store.close();
  });

  it.each([5, -1, 0.5, Number.NaN])('has no passage %s', async (position) => {
    const store = await create(awkward);
    await expect(store.get([0, position])).rejects.toMatchObject({
      name: 'RetrieverError',
      message: expect.stringContaining(`no passage ${position}`),
    });
    await store.close();
  });

  it('refuses an id that occurs twice', async () => {
    const twice = async () => create([...awkward, { id: 'a', contents: 'again' }]);
    await expect(twice()).rejects.toMatchObject({
      name: 'DatasetError',
      message: expect.stringContaining('"a" occurs twice'),
    });
  });
});

describe('stores in memory and on disk', () => {
  it('gives passages from disk that may be changed without harm', async () => {
    const store = await openDocumentStore({ directory: await written(awkward) });
    const [first] = await store.get([0]);
    if (first !== undefined) first.contents = 'changed';
    expect(await store.get([0])).toEqual([awkward[0]]);
    await store.close();
  });

  it('answer alike about random passages, also when hashes of ids collide', async () => {
    const documentsOf = fc.uniqueArray(
      fc.record({
        id: fc.string({ minLength: 1, unit: 'binary' }),
        contents: fc.string({ unit: 'binary', maxLength: 300 }),
      }),
      { selector: ({ id }) => id, minLength: 1, maxLength: 60 },
    );
    // The hash keeps two bits: many ids share one.
    const hash = (id: string) => Buffer.from([0, 0, 0, 0, 0, 0, 0, id.length % 4]);
    const property = fc.asyncProperty(
      documentsOf,
      fc.array(fc.nat()),
      fc.boolean(),
      async (documents, picks, collide) => {
        const directory = await freshDirectory();
        const seam = collide ? { _internal: { hash } } : {};
        expect(await writeDocumentStore({ documents, directory, ...seam })).toEqual({
          size: documents.length,
          fingerprint: fingerprintCorpus(documents),
        });
        const disk = await openDocumentStore({ directory, ...seam });
        const memory = createMemoryStore(documents);
        const positions = picks.map((pick) => pick % documents.length);
        expect(await disk.get(positions)).toEqual(await memory.get(positions));
        const ids = [...documents.map(({ id }) => id), 'not there', ''];
        expect(await disk.find(ids)).toEqual(await memory.find(ids));
        expect(await collect(disk)).toEqual(documents);
        await disk.close();
        await rm(directory, { recursive: true });
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  it('find each of 6,000 ids, whose table is sorted outside of memory, and no other', async () => {
    const documents = generate(6_000);
    // One bucket takes everything, so that it is written out and read back.
    const hash = (id: string) => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32BE(Number(id.split('-')[1] ?? 0) % 2900, 4);
      return bytes;
    };
    for (const seam of [{}, { _internal: { hash } }]) {
      const directory = await freshDirectory();
      await writeDocumentStore({ documents, directory, ...seam });
      expect((await readdir(directory)).sort()).toEqual(['corpus-ids.bin', 'corpus-offsets.bin', 'corpus.jsonl']);
      const store = await openDocumentStore({ directory, ...seam });
      const positions = Array.from({ length: 200 }, (_, index) => (index * 7919) % documents.length);
      expect(await store.find(positions.map((position) => `doc-${position}`))).toEqual(positions);
      expect(await store.find(['doc-6000', 'doc--1'])).toEqual([undefined, undefined]);
      expect(await store.get([5999, 0])).toEqual([documents[5999], documents[0]]);
      await store.close();
    }
  });
});

describe('writeDocumentStore', () => {
  it('writes the corpus as people read it, which readCorpus reads', async () => {
    const directory = await written(awkward);
    const path = join(directory, 'corpus.jsonl');
    expect(await readFile(path, 'utf8')).toBe(
      awkward.map(({ id, contents }) => `${JSON.stringify({ id, contents })}\n`).join(''),
    );
    const lines = await loadCorpus({ path });
    expect(lines).toEqual(awkward);
  });

  it('says that the disk is full, closes its files and leaves nothing', async () => {
    const directory = await freshDirectory();
    // /dev/full accepts opening and fails every write with ENOSPC.
    await symlink('/dev/full', join(directory, 'corpus.jsonl'));
    await expect(writeDocumentStore({ documents: generate(50_000), directory })).rejects.toMatchObject({
      name: 'RetrieverError',
      message: expect.stringMatching(/corpus\.jsonl: .*the disk is full/),
    });
    expect(await readdir(directory)).toEqual([]);
    expect(await openFiles(directory)).toEqual([]);
  });

  it.each(['corpus-offsets.bin', 'corpus-ids.bin', 'corpus-ids.bin.unsorted'])('says so for %s too', async (name) => {
    const directory = await freshDirectory();
    await symlink('/dev/full', join(directory, name));
    const hash = () => Buffer.alloc(8);
    const unequal = (id: string) => Buffer.from(id.slice(-8).padStart(8, '\u0000'), 'latin1');
    const seam = { _internal: { hash: name.endsWith('unsorted') ? unequal : hash } };
    const documents = name.endsWith('unsorted') ? generate(4000) : generate(1);
    const writing = writeDocumentStore({ documents, directory, ...seam });
    await expect(writing).rejects.toMatchObject({
      name: 'RetrieverError',
      message: expect.stringContaining('disk is full'),
    });
    expect(await readdir(directory)).toEqual([]);
    expect(await openFiles(directory)).toEqual([]);
  });

  it('passes on what the passages throw, an abort and a missing directory', async () => {
    const directory = await freshDirectory();
    async function* failing() {
      yield* awkward;
      throw new Error('source failed');
    }
    await expect(writeDocumentStore({ documents: failing(), directory })).rejects.toThrow('source failed');
    const controller = new AbortController();
    async function* aborting() {
      yield* awkward.slice(0, 2);
      controller.abort(new Error('stop'));
      yield* awkward.slice(2);
    }
    const { signal } = controller;
    await expect(writeDocumentStore({ documents: aborting(), directory, signal })).rejects.toThrow('stop');
    await expect(writeDocumentStore({ documents: [], directory })).rejects.toThrow('no passages');
    expect(await readdir(directory)).toEqual([]);
    expect(await openFiles(directory)).toEqual([]);
    const absent = join(directory, 'absent');
    await expect(writeDocumentStore({ documents: awkward, directory: absent })).rejects.toThrow(
      /no such file or folder/,
    );
  });
});

describe('a damaged store', () => {
  const offsetOf = (position: number) => 64 + 8 * position;
  const put = async (path: string, offset: number, bytes: Uint8Array) => {
    const file = await open(path, 'r+');
    await file.write(bytes, 0, bytes.length, offset);
    await file.close();
  };
  const uint64 = (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return bytes;
  };

  it.each<[string, (directory: string) => Promise<void>]>([
    ['offsets cut off', (directory) => truncate(join(directory, 'corpus-offsets.bin'), 100)],
    ['offsets without a header', (directory) => truncate(join(directory, 'corpus-offsets.bin'), 10)],
    ['other bytes at the start', (directory) => put(join(directory, 'corpus-offsets.bin'), 0, Buffer.from('x'))],
    ['a huge number of passages', (directory) => put(join(directory, 'corpus-offsets.bin'), 8, uint64(1n << 60n))],
    ['a corpus cut off', (directory) => truncate(join(directory, 'corpus.jsonl'), 20)],
    ['a longer corpus', (directory) => appendFile(join(directory, 'corpus.jsonl'), 'x')],
    ['an id table cut off', (directory) => truncate(join(directory, 'corpus-ids.bin'), 12)],
    ['no id table', (directory) => rm(join(directory, 'corpus-ids.bin'))],
  ])('does not open with %s', async (_, damage) => {
    const directory = await written(generate(10));
    await damage(directory);
    await expect(openDocumentStore({ directory })).rejects.toMatchObject({
      name: 'RetrieverError',
      message: expect.stringMatching(/corpus[a-z-]*\.(bin|jsonl): (the file is damaged|cannot read)/),
    });
    expect(await openFiles(directory)).toEqual([]);
  });

  it.each<[string, (directory: string) => Promise<void>]>([
    [
      'outside of the corpus',
      (directory) => put(join(directory, 'corpus-offsets.bin'), offsetOf(3), uint64(1n << 50n)),
    ],
    ['of all bits', (directory) => put(join(directory, 'corpus-offsets.bin'), offsetOf(3), uint64((1n << 64n) - 1n))],
    ['of zero', (directory) => put(join(directory, 'corpus-offsets.bin'), offsetOf(3), uint64(0n))],
    ['inside another passage', (directory) => put(join(directory, 'corpus-offsets.bin'), offsetOf(3), uint64(100n))],
  ])('refuses an offset %s', async (_, damage) => {
    const directory = await written(generate(10));
    await damage(directory);
    const store = await openDocumentStore({ directory });
    await expect(store.get([2, 3])).rejects.toMatchObject({
      name: 'RetrieverError',
      message: expect.stringContaining('damaged'),
    });
    expect(await store.get([7])).toEqual([generate(10)[7]]);
    await store.close();
  });

  it('refuses passages and ids that are not what was written', async () => {
    const directory = await written(generate(10));
    await put(join(directory, 'corpus.jsonl'), 0, Buffer.from('["id'));
    await put(join(directory, 'corpus-ids.bin'), 0, Buffer.alloc(120, 0xff));
    const store = await openDocumentStore({ directory, _internal: { hash: () => Buffer.alloc(8, 0xff) } });
    await expect(store.get([0])).rejects.toThrow(/corpus\.jsonl: the file is damaged/);
    await expect(store.find(['doc-1'])).rejects.toThrow(/corpus-ids\.bin: the file is damaged \(it names passage/);
    await store.close();
    await expect(store.get([0])).rejects.toThrow('closed');
    await expect(store.find(['a'])).rejects.toThrow('closed');
    await expect(collect(store)).rejects.toThrow('closed');
  });

  it('notices a file that becomes shorter while it is open', async () => {
    const directory = await written(generate(1000));
    const store = await openDocumentStore({ directory });
    await writeFile(join(directory, 'corpus.jsonl'), '');
    await expect(store.get([900])).rejects.toThrow(/corpus\.jsonl: the file is damaged \(it ends at byte/);
    await store.close();
  });
});
