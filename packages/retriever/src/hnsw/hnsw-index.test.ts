import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHnswIndex, openHnswIndex } from './hnsw-index.js';
import { resolveHnswSettings } from './hnsw-settings.js';
import { type Hnswlib, importHnswlib } from './hnswlib.js';

const random = createRandom(5).split('hnsw');
const draw = (count: number, dimension: number) =>
  Array.from({ length: count }, () => Float32Array.from({ length: dimension }, () => random.normal()));
const settings = resolveHnswSettings({});
const importAbsent = () => Promise.reject(new Error("Cannot find package 'hnswlib-node'"));
const createKernelMemory = () => null;
const hnswlib: Hnswlib | null = await importHnswlib().catch(() => null);

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-hnsw-'));
});
afterAll(() => rm(root, { recursive: true }));

it('is HNSW exactly where hnswlib-node is installed, else the flat index after one line', async () => {
  const lines: string[] = [];
  const logger = (line: string) => lines.push(line);
  expect((await createHnswIndex({ dimension: 2, logger })).kind).toBe(hnswlib === null ? 'flat' : 'hnsw');
  lines.length = 0;
  const index = await createHnswIndex({ dimension: 2, logger, _internal: { importHnswlib: importAbsent } });
  expect(index.kind).toBe('flat');
  expect(lines).toEqual([expect.stringMatching(/^hnswlib-node is not available.*exact flat index$/)]);
  await index.add({ vectors: [Float32Array.of(1, 0), Float32Array.of(0, 1)] });
  expect(await index.search({ vectors: [Float32Array.of(0, 1)], topK: 1 })).toEqual([[{ index: 1, score: 1 }]]);
});

it('refuses settings outside their range', async () => {
  await expect(createHnswIndex({ dimension: 4, m: 1 })).rejects.toThrow(/HNSW m must/);
  await expect(createHnswIndex({ dimension: 4, efSearch: 0.5 })).rejects.toThrow(/HNSW efSearch must/);
  await expect(createHnswIndex({ dimension: 4, capacity: 0 })).rejects.toThrow(/HNSW capacity must/);
});

describe.runIf(hnswlib !== null)('a saved HNSW index', () => {
  const dimension = 9;
  const vectors = draw(700, dimension);
  const queries = draw(20, dimension);
  let directory: string;
  let expected: unknown;
  beforeAll(async () => {
    directory = await mkdtemp(join(root, 'saved-'));
    const index = await createHnswIndex({ dimension, capacity: 10 });
    await index.add({ vectors });
    await index.delete({ indices: [3, 4, 5] });
    await index.save(directory);
    expected = await index.search({ vectors: queries, topK: 5 });
    expect(index.settings).toEqual({ ...settings, length: 700, deleted: 3 });
  });

  it('is searched, deleted from and saved without hnswlib-node, which adding needs', async () => {
    const _internal = { importHnswlib: importAbsent };
    const index = await openHnswIndex({ directory, dimension, settings, _internal });
    expect(index.kind).toBe('hnsw');
    expect(index.size).toBe(697);
    expect(await index.search({ vectors: queries, topK: 5 })).toEqual(expected);
    await expect(index.add({ vectors: vectors.slice(0, 1) })).rejects.toThrow(/needs hnswlib-node/);
    const copy = await mkdtemp(join(root, 'copy-'));
    await index.save(copy);
    expect(await readFile(join(copy, 'graph.hnsw'))).toEqual(await readFile(join(directory, 'graph.hnsw')));
    await index.delete({ indices: [17] });
    await index.save(copy);
    const again = await openHnswIndex({ directory: copy, dimension, settings, _internal });
    expect(again.settings).toEqual({ ...settings, length: 700, deleted: 4 });
    const [matches] = await again.search({ vectors: [vectors[17] as Float32Array], topK: 697 });
    expect(matches?.some(({ index: found }) => found === 17)).toBe(false);
  });

  it('answers alike through the addon, and through the flat index without addon and kernels', async () => {
    const addon = await openHnswIndex({ directory, dimension, settings, _internal: { createKernelMemory } });
    const results = await addon.search({ vectors: queries, topK: 5 });
    const indices = (lists: unknown) => (lists as { index: number }[][]).map((list) => list.map(({ index }) => index));
    expect(indices(results)).toEqual(indices(expected));
    const lines: string[] = [];
    const flat = await openHnswIndex({
      ...{ directory, dimension, settings, logger: (line: string) => lines.push(line) },
      _internal: { createKernelMemory, importHnswlib: importAbsent },
    });
    expect(flat.kind).toBe('flat');
    expect(lines.length).toBe(1);
    expect([flat.length, flat.size]).toEqual([700, 697]);
    expect(indices(await flat.search({ vectors: queries, topK: 5 }))).toEqual(indices(expected));
  });

  it('looks at more candidates where a search asks for that', async () => {
    const index = await openHnswIndex({ directory, dimension, settings: { ...settings, efSearch: 1 } });
    const wide = await index.search({ vectors: queries, topK: 1, efSearch: 700 });
    const narrow = await index.search({ vectors: queries, topK: 1 });
    const better = wide.filter(([best], position) => (best?.score ?? 0) > (narrow[position]?.[0]?.score ?? 0));
    expect(better.length).toBeGreaterThan(0);
    const worse = wide.filter(([best], position) => (best?.score ?? 0) < (narrow[position]?.[0]?.score ?? 0));
    expect(worse).toEqual([]);
    await expect(async () => index.search({ vectors: queries, topK: 1, efSearch: 0 })).rejects.toThrow(/efSearch/);
  });

  it('is refused when the file is damaged, anywhere, and when it does not fit the manifest', async () => {
    const bytes = await readFile(join(directory, 'graph.hnsw'));
    const damaged = await mkdtemp(join(root, 'damaged-'));
    const path = join(damaged, 'graph.hnsw');
    const open = (options: object = {}) => openHnswIndex({ directory: damaged, dimension, settings, ...options });
    const refuse = async (change: (copy: Buffer) => Buffer | undefined) => {
      const copy = Buffer.from(bytes);
      await writeFile(path, change(copy) ?? copy);
      await expect(open()).rejects.toThrow(RangeError);
      await expect(open({ _internal: { createKernelMemory } })).rejects.toThrow(RangeError);
    };
    const node = 4 + 8 * settings.m + 4 * dimension + 8;
    const lists = 96 + 700 * node;
    const put = (at: number, value: number) => (copy: Buffer) => void copy.writeUInt32LE(value, at);
    for (const end of [0, 50, 96, 5000, bytes.length - 4]) await refuse((copy) => copy.subarray(0, end));
    await refuse((copy) => Buffer.concat([copy, Buffer.alloc(4)]));
    for (const at of [0, 8, 16, 20, 24, 32, 40, 48, 52, 56, 64, 72]) await refuse(put(at, 0x7ffffff1));
    await refuse((copy) => void copy.writeDoubleLE(Number.NaN, 80));
    await refuse(put(96, 33));
    await refuse(put(96, 0x2_0001));
    await refuse(put(96 + 4, 700));
    await refuse(put(96 + node - 8, 1));
    await refuse(put(lists, 3));
    await refuse(put(lists, 0xfffffff0));
    // The first node that has an upper list: one that links too far, and one that links to a node of level 0 only.
    let at = lists;
    while (bytes.readUInt32LE(at) === 0) at += 4;
    await refuse(put(at + 4, 17));
    await refuse(put(at + 8, 700));
    const flat = (at - lists) / 4 === 0 ? 1 : 0;
    await refuse(put(at + 8, flat));
    await writeFile(path, bytes);
    await expect(open({ settings: { ...settings, length: 699 } })).rejects.toThrow(/manifest/);
    await expect(open({ settings: { ...settings, deleted: 2 } })).rejects.toThrow(/manifest/);
    await expect(open({ dimension: dimension + 1 })).rejects.toThrow(RangeError);
    expect((await open()).size).toBe(697);
  });

  it('reports progress, stops when aborted, and is not used after close', async () => {
    const seen: number[] = [];
    const controller = new AbortController();
    const index = await createHnswIndex({
      dimension,
      onProgress({ done }) {
        seen.push(done);
        if (seen.length === 3) controller.abort(new Error('enough'));
      },
    });
    await index.add({ vectors: vectors.slice(0, 300) });
    expect(seen).toEqual([256, 300]);
    await expect(index.add({ vectors, signal: controller.signal })).rejects.toThrow('enough');
    expect(index.length).toBe(300 + 256);
    await index.close();
    await expect(async () => index.search({ vectors: queries, topK: 1 })).rejects.toThrow(/closed/);
    await expect(stat(join(directory, 'vectors.f32'))).rejects.toThrow();
  });
});

describe.runIf(hnswlib !== null)('the search of the kernels', () => {
  // Elsewhere than on x64 hnswlib sums in another order.
  const digits = process.arch === 'x64' ? 0 : 1e-5;

  it.each([1, 3, 5, 7, 8, 13, 16, 20, 33, 64])('is that of hnswlib-node, dimension %i', async (dimension) => {
    if (hnswlib === null) return;
    const vectors = draw(400, dimension);
    // Equal vectors give equal distances: the heaps must then agree too.
    vectors.push(...vectors.slice(0, 20));
    const queries = draw(15, dimension);
    for (const deleted of [[], [0, 7, 399, 401]]) {
      const directory = await mkdtemp(join(root, 'equal-'));
      const index = await createHnswIndex({ dimension, m: 5, efConstruction: 40 });
      await index.add({ vectors });
      await index.delete({ indices: deleted });
      await index.save(directory);
      const reference = new hnswlib.HierarchicalNSW('ip', dimension);
      await reference.readIndex(join(directory, 'graph.hnsw'));
      const opened = await openHnswIndex({ directory, dimension, settings: { ...settings, m: 5 } });
      for (const [topK, efSearch] of [
        [1, 1],
        [10, 10],
        [10, 50],
        [300, 1000],
      ] as const) {
        reference.setEf(Math.max(topK, efSearch));
        const found = await opened.search({ vectors: queries, topK, efSearch });
        for (const [position, query] of queries.entries()) {
          const { distances, neighbors } = reference.searchKnn(Array.from(query), topK);
          expect(found[position]?.map(({ index: node }) => node)).toEqual(neighbors);
          for (const [rank, match] of (found[position] ?? []).entries()) {
            expect(Math.abs(match.score - (1 - (distances[rank] ?? 0)))).toBeLessThanOrEqual(digits);
          }
        }
      }
    }
  });
});
