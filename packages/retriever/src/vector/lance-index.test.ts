import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vectorIndexCases } from '../testing/index.js';
import { createFlatIndex } from './flat-index.js';
import { createLanceIndex, openLanceIndex } from './lance-index.js';
import { requireLance } from './lance-library.js';
import type { LanceIndexSettings } from './lance-settings.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-lance-'));
});
afterAll(() => rm(root, { recursive: true }));

let made = 0;
const fresh = () => join(root, String(made++));

const dimension = 16;
function unitVectors(count: number, name: string): Float32Array[] {
  const random = createRandom(3).split(name);
  return Array.from({ length: count }, () => {
    const vector = Float32Array.from({ length: dimension }, () => random.normal());
    const norm = Math.hypot(...vector);
    return vector.map((entry) => entry / norm);
  });
}

describe('the LanceDB index', () => {
  const cases = vectorIndexCases({
    create: (options) => createLanceIndex({ ...options, uri: fresh() }),
    open: openLanceIndex,
  });
  for (const { name, run } of cases) it(name, run);

  it('lies inside a directory that is renamed, and names nothing outside it', async () => {
    const directory = fresh();
    await mkdir(directory);
    const vectors = unitVectors(20, 'vectors');
    const index = await createLanceIndex({ dimension, uri: join(directory, 'tables') });
    await index.add({ vectors });
    await index.delete({ indices: [3] });
    const expected = await index.search({ vectors: vectors.slice(0, 2), topK: 5 });
    await index.save(directory);
    await index.close();
    expect(JSON.parse(await readFile(join(directory, 'lance.json'), 'utf8'))).toEqual({
      uri: 'tables',
      table: 'vectors',
      length: 20,
    });
    expect(JSON.stringify(index.settings)).not.toContain(root);
    const renamed = fresh();
    await rename(directory, renamed);
    const opened = await openLanceIndex({ directory: renamed, dimension, settings: index.settings });
    expect([opened.size, opened.length]).toEqual([19, 20]);
    expect(await opened.search({ vectors: vectors.slice(0, 2), topK: 5 })).toEqual(expected);
    await opened.close();
  });

  it('gives no index twice, even when rows came after the last save', async () => {
    const directory = fresh();
    await mkdir(directory);
    const index = await createLanceIndex({ dimension, uri: fresh() });
    await index.add({ vectors: unitVectors(4, 'first') });
    await index.delete({ indices: [3] });
    await index.save(directory);
    const again = await openLanceIndex({ directory, dimension });
    expect([again.size, again.length]).toEqual([3, 4]);
    await again.add({ vectors: unitVectors(2, 'second') });
    await again.close();
    const last = await openLanceIndex({ directory, dimension });
    expect([last.size, last.length]).toEqual([5, 6]);
    await last.close();
    await index.close();
  });

  it.each([
    { type: 'ivf-pq', numPartitions: 4, numSubVectors: 4 },
    { type: 'hnsw-sq', numPartitions: 1, m: 16, efConstruction: 100 },
  ] satisfies LanceIndexSettings[])(
    'builds $type when saved, keeps exact scores and takes more afterwards',
    async (settings) => {
      const directory = fresh();
      await mkdir(directory);
      const vectors = unitVectors(700, 'vectors');
      const queries = unitVectors(20, 'queries');
      const exact = createFlatIndex({ dimension });
      const index = await createLanceIndex({ dimension, uri: join(directory, 'tables'), index: settings });
      const compare = async (opened: typeof index) => {
        const truth = await exact.search({ vectors: queries, topK: 10 });
        const found = await opened.search({ vectors: queries, topK: 10 });
        let hits = 0;
        for (const [position, matches] of found.entries()) {
          expect(matches).toHaveLength(10);
          const scores = new Map(truth[position]?.map((match) => [match.index, match.score]));
          for (const { index: each, score } of matches) {
            const expected = scores.get(each);
            if (expected === undefined) continue;
            hits++;
            expect(score).toBeCloseTo(expected, 6);
          }
        }
        expect(hits / 200).toBeGreaterThanOrEqual(0.95);
      };
      for (const each of [exact, index]) await each.add({ vectors: vectors.slice(0, 600) });
      await index.save(directory);
      await compare(index);
      for (const each of [exact, index]) {
        await each.add({ vectors: vectors.slice(600) });
        await each.delete({ indices: [1, 2, 650] });
      }
      await compare(index);
      await index.save(directory);
      await index.close();
      const opened = await openLanceIndex({ directory, dimension, settings: index.settings });
      await compare(opened);
      await opened.close();
      const { lance } = requireLance();
      const connection = await lance.connect(join(directory, 'tables'));
      const table = await connection.openTable('vectors');
      const indices = await table.listIndices();
      expect(indices.length).toBeGreaterThan(0);
      for (const { columns, indexType } of indices) {
        expect(columns).toEqual(['vector']);
        expect(indexType.toLowerCase()).toBe(settings.type === 'ivf-pq' ? 'ivfpq' : 'ivfhnswsq');
      }
      table.close();
      connection.close();
    },
  );

  it('refuses vectors that hnsw-sq would rank wrongly', async () => {
    const index = await createLanceIndex({ dimension: 2, uri: fresh(), index: { type: 'hnsw-sq' } });
    await expect(index.add({ vectors: [Float32Array.of(3, 4)] })).rejects.toThrow(/length 5\.000/);
    await index.add({ vectors: [Float32Array.of(0.6, 0.8), Float32Array.of(0, 0)] });
    expect(index.size).toBe(2);
    await index.close();
  });

  it('says what is wrong', async () => {
    const uri = fresh();
    const index = await createLanceIndex({ dimension, uri });
    await expect(createLanceIndex({ dimension, uri })).rejects.toThrow(/a table vectors already/);
    await expect(createLanceIndex({ dimension, uri, table: '../x' })).rejects.toThrow(/table: the name of a table/);
    await expect(createLanceIndex({ dimension, uri, nprobes: 0 })).rejects.toMatchObject({ code: 'CONFIG_ERROR' });
    const directory = fresh();
    await mkdir(directory);
    await expect(openLanceIndex({ directory, dimension })).rejects.toThrow(/lance\.json: .*missing or damaged/);
    await index.save(directory);
    await index.close();
    await expect(openLanceIndex({ directory, dimension: 3 })).rejects.toThrow(/vectors of 16, not of 3/);
    await writeFile(join(directory, 'lance.json'), JSON.stringify({ uri, table: 'other', length: 0 }));
    await expect(openLanceIndex({ directory, dimension })).rejects.toMatchObject({
      code: 'RETRIEVER_ERROR',
      message: expect.stringMatching(/cannot open the table other/),
    });
    const absent = () => {
      throw new Error('Cannot find module');
    };
    expect(() => requireLance(absent)).toThrow(/npm install @lancedb\/lancedb apache-arrow/);
  });
});
