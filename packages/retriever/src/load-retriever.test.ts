import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRetriever } from './create-retriever.js';
import { type LoadRetrieverOptions, loadRetriever } from './load-retriever.js';
import type { Document, IndexedRetriever } from './retriever.js';

const documents: Document[] = [
  { id: 'peru', contents: 'Peru\nThe capital of Peru is Lima.' },
  { id: 'lima', contents: 'Lima\nLima lies on the coast of the Pacific.' },
  { id: 'chile', contents: 'Chile\nThe capital of Chile is Santiago.' },
  { id: 'odd', contents: 'Línea\u2028"quoted"\ntext with a line separator' },
];
const logger = () => undefined;
const queries = ['capital of Peru', 'Pacific coast', 'zzz'];

const opened: IndexedRetriever[] = [];
async function open(options: LoadRetrieverOptions) {
  const retriever = await loadRetriever(options);
  opened.push(retriever);
  return retriever;
}
afterEach(async () => {
  for (const retriever of opened.splice(0)) await retriever.close();
});

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-index-'));
});
afterAll(() => rm(root, { recursive: true }));

describe.each(['bm25', 'flat', 'hnsw', 'hybrid'] as const)('a saved %s index', (kind) => {
  const directory = () => join(root, 'nested', kind);
  beforeAll(async () => {
    await (await createRetriever({ documents, kind, logger })).save(directory());
  });

  it('opens alone and answers as before', async () => {
    const built = await createRetriever({ documents, kind, logger });
    const found = await open({ directory: directory(), logger });
    expect(found.kind).toBe(built.kind);
    expect(found.documents).toBe(4);
    expect(found.fingerprint).toBe(built.fingerprint);
    const answers = await found.retrieve({ queries, topK: 2 });
    expect(answers).toEqual(await built.retrieve({ queries, topK: 2 }));
    expect(answers[0]?.[0]?.document).toEqual(documents[0]);
    expect(answers[1]?.[0]?.document.id).toBe('lima');
  });

  it('writes the same bytes for the same input, and replaces the index that is there', async () => {
    const before = await readFile(join(directory(), 'manifest.json'), 'utf8');
    await (await createRetriever({ documents, kind, logger })).save(directory());
    expect(await readFile(join(directory(), 'manifest.json'), 'utf8')).toBe(before);
    expect((await readdir(join(root, 'nested'))).filter((name) => name.startsWith(`${kind}.`))).toEqual([]);
  });

  it('finds damage in every file', async () => {
    for (const name of await readdir(directory())) {
      const damaged = join(root, `${kind}-damaged`);
      await cp(directory(), damaged, { recursive: true });
      await appendFile(join(damaged, name), 'x');
      await expect(open({ directory: damaged, logger })).rejects.toMatchObject({
        name: 'RetrieverError',
        message: expect.stringMatching(new RegExp(`${name.replaceAll('.', '\\.')}.*damaged`)),
      });
      await rm(join(damaged, name));
      await expect(open({ directory: damaged, logger })).rejects.toMatchObject({ name: 'RetrieverError' });
      await rm(damaged, { recursive: true });
    }
  });

  it('says so when it is of another corpus', async () => {
    await expect(open({ directory: directory(), corpus: documents, logger })).resolves.toBeDefined();
    const other = documents.slice(1);
    await expect(open({ directory: directory(), corpus: other, logger })).rejects.toThrow(/another corpus/);
    const path = join(root, 'other.jsonl');
    await writeFile(path, '{"id": "peru", "contents": "Peru"}\n');
    await expect(open({ directory: directory(), corpus: path, logger })).rejects.toThrow(
      /index of 4 passages is of another corpus than .*other\.jsonl/,
    );
  });
});

describe('loadRetriever', () => {
  it('says how to build an index where there is none', async () => {
    await expect(open({ directory: join(root, 'absent') })).rejects.toThrow(/dgpo-retriever index CORPUS --out/);
  });
});

describe('save', () => {
  it('does not replace a directory that is not an index, nor a file', async () => {
    const retriever = await createRetriever({ documents });
    const directory = join(root, 'precious');
    await mkdir(directory);
    await writeFile(join(directory, 'thesis.txt'), 'x');
    await expect(retriever.save(directory)).rejects.toThrow(/is not an index/);
    await expect(retriever.save(join(directory, 'thesis.txt'))).rejects.toThrow(/is not an index/);
    expect(await readdir(directory)).toEqual(['thesis.txt']);
  });
});

describe('createRetriever', () => {
  it('has a fingerprint that depends on passages, order and settings', async () => {
    const fingerprint = async (options: Parameters<typeof createRetriever>[0]) =>
      (await createRetriever({ logger, ...options })).fingerprint;
    const prints = await Promise.all([
      fingerprint({ documents }),
      fingerprint({ documents: documents.slice(1) }),
      fingerprint({ documents: [...documents].reverse() }),
      fingerprint({ documents, bm25: { k1: 1.2 } }),
      fingerprint({ documents, kind: 'flat' }),
      fingerprint({ documents: [{ id: 'a', contents: 'bc' }] }),
      fingerprint({ documents: [{ id: 'ab', contents: 'c' }] }),
    ]);
    expect(new Set(prints).size).toBe(prints.length);
    expect(await fingerprint({ documents })).toBe(prints[0]);
  });

  it('gives an empty list to a query without any word, and stops when aborted', async () => {
    for (const kind of ['bm25', 'flat', 'hnsw'] as const) {
      const retriever = await createRetriever({ documents, kind, logger });
      expect(await retriever.retrieve({ queries: ['', '?!'], topK: 3 })).toEqual([[], []]);
      expect(await retriever.retrieve({ queries: [], topK: 3 })).toEqual([]);
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(retriever.retrieve({ queries, topK: 1, signal })).rejects.toThrow('enough');
      await expect(retriever.retrieve({ queries, topK: 0 })).rejects.toThrow(/topK/);
      const many = Array.from({ length: 200 }, () => 'Santiago');
      const answers = await retriever.retrieve({ queries: many, topK: 1 });
      expect(answers.map(([best]) => best?.document.id)).toEqual(many.map(() => 'chile'));
    }
  });

  it('refuses an empty corpus', async () => {
    await expect(createRetriever({ documents: [] })).rejects.toThrow(/at least one passage/);
  });
});
