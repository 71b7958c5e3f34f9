import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vectorIndexCases } from '../testing/index.js';
import { createFlatIndex, openFlatIndex } from './flat-index.js';
import { createHnswIndex, openHnswIndex, resolveHnswSettings } from './hnsw-index.js';

const absent = { importHnswlib: () => Promise.reject(new Error("Cannot find package 'hnswlib-node'")) };
const moduleName: string = 'hnswlib-node';
const hnswlib: unknown = await import(moduleName).catch(() => null);

describe('the flat index', () => {
  for (const { name, run } of vectorIndexCases({ create: createFlatIndex, open: openFlatIndex })) it(name, run);
});

describe('the HNSW index', () => {
  const settings = resolveHnswSettings({});
  // Without hnswlib-node these run on the flat index, which must then be what is used.
  const cases = vectorIndexCases({
    create: (options) => createHnswIndex({ ...options, logger: () => undefined }),
    open: (options) => openHnswIndex({ ...options, settings, logger: () => undefined }),
    recall: 0.95,
  });
  for (const { name, run } of cases) it(name, run);

  it('is HNSW exactly where hnswlib-node is installed', async () => {
    const index = await createHnswIndex({ vectors: [Float32Array.of(1, 0)], logger: () => undefined });
    expect(index.kind).toBe(hnswlib === null ? 'flat' : 'hnsw');
  });

  it('falls back to the flat index with one line when hnswlib-node is absent', async () => {
    const lines: string[] = [];
    const logger = (line: string) => lines.push(line);
    const vectors = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
    const index = await createHnswIndex({ vectors, logger, _internal: absent });
    expect(index.kind).toBe('flat');
    expect(lines).toEqual([expect.stringMatching(/^hnswlib-node is not available.*exact flat index$/)]);
    expect(index.search({ vectors: [Float32Array.of(0, 1)], topK: 1 })).toEqual([[{ index: 1, score: 1 }]]);
  });

  it('opens a saved index without hnswlib-node', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dgpo-hnsw-'));
    const vectors = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
    await (await createHnswIndex({ vectors, logger: () => undefined })).save(directory);
    const shape = { directory, size: 2, dimension: 2, settings, logger: () => undefined };
    const opened = await openHnswIndex({ ...shape, _internal: absent });
    expect(opened.kind).toBe('flat');
    expect(await opened.search({ vectors: [Float32Array.of(0, 1)], topK: 1 })).toEqual([[{ index: 1, score: 1 }]]);
    await rm(directory, { recursive: true });
  });

  it('reports progress and refuses settings outside their range', async () => {
    const seen: number[] = [];
    const vectors = Array.from({ length: 300 }, (_, index) => Float32Array.of(index, 1));
    const onProgress = ({ done }: { done: number }) => seen.push(done);
    await createHnswIndex({ vectors, onProgress, logger: () => undefined });
    if (hnswlib !== null) expect(seen).toEqual([256, 300]);
    await expect(createHnswIndex({ vectors, m: 1 })).rejects.toThrow(/HNSW m must/);
  });
});
