import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, isDgpoError } from '@dgpo/trajectory';
import type { VectorIndex } from '../vector/vector-index.js';

/** One check: `run` rejects when the implementation fails it. */
export interface ConformanceCase {
  name: string;
  run: () => Promise<void>;
}

export interface VectorIndexCasesOptions {
  create: (options: { vectors: readonly Float32Array[] }) => VectorIndex | Promise<VectorIndex>;
  /** Opens what `save` of an index with this size and dimension wrote. */
  open: (options: { directory: string; size: number; dimension: number }) => VectorIndex | Promise<VectorIndex>;
  /**
   * Share of the true neighbours that must be found; 1 for an exact index.
   * @default 1
   */
  recall?: number;
}

const dimension = 24;

function randomVectors(count: number, name: string): Float32Array[] {
  const random = createRandom(11).split(name);
  return Array.from({ length: count }, () => {
    const vector = Float32Array.from({ length: dimension }, () => random.normal());
    const norm = Math.sqrt(vector.reduce((sum, entry) => sum + entry * entry, 0));
    return vector.map((entry) => entry / norm);
  });
}

const product = (left: Float32Array, right: Float32Array) =>
  left.reduce((sum, entry, position) => sum + entry * (right[position] ?? 0), 0);

/** Every index in order of the true inner product, in float64. */
function trueOrder(vectors: readonly Float32Array[], query: Float32Array): number[] {
  const scores = vectors.map((vector) => product(query, vector));
  return [...scores.keys()].sort((left, right) => (scores[right] ?? 0) - (scores[left] ?? 0) || left - right);
}

/**
 * The cases every {@link VectorIndex} must pass, independent of any test runner:
 * `for (const { name, run } of vectorIndexCases({ create, open })) it(name, run)`.
 */
export function vectorIndexCases({ create, open, recall = 1 }: VectorIndexCasesOptions): ConformanceCase[] {
  const vectors = randomVectors(600, 'vectors');
  const queries = randomVectors(40, 'queries');
  return [
    {
      name: 'reports size and dimension',
      async run() {
        const index = await create({ vectors });
        assert.equal(index.size, vectors.length);
        assert.equal(index.dimension, dimension);
      },
    },
    {
      name: 'finds the neighbours that brute force finds, with their inner products, best first',
      async run() {
        const results = await (await create({ vectors })).search({ vectors: queries, topK: 10 });
        assert.equal(results.length, queries.length);
        let found = 0;
        for (const [position, matches] of results.entries()) {
          const query = queries[position] as Float32Array;
          assert.equal(matches.length, 10);
          assert.equal(new Set(matches.map(({ index }) => index)).size, 10);
          for (const [rank, { index, score }] of matches.entries()) {
            assert.ok(Math.abs(score - product(query, vectors[index] as Float32Array)) < 1e-5);
            assert.ok(rank === 0 || score <= (matches[rank - 1]?.score ?? 0));
          }
          const expected = trueOrder(vectors, query).slice(0, 10);
          if (recall === 1)
            assert.deepEqual(
              matches.map(({ index }) => index),
              expected,
            );
          found += matches.filter(({ index }) => expected.includes(index)).length;
        }
        const share = found / (10 * queries.length);
        assert.ok(share >= recall, `recall@10 is ${share}, expected at least ${recall}`);
      },
    },
    {
      name: 'finds each vector itself',
      async run() {
        const few = vectors.slice(0, 50);
        const results = await (await create({ vectors: few })).search({ vectors: few, topK: 1 });
        assert.deepEqual(
          results.map(([best]) => best?.index),
          [...few.keys()],
        );
      },
    },
    {
      name: 'keeps order of index among equal scores',
      async run() {
        const same = vectors[0] as Float32Array;
        const index = await create({ vectors: [same, same, same] });
        const [matches] = await index.search({ vectors: [same], topK: 3 });
        assert.deepEqual(
          matches?.map(({ index: position }) => position),
          [0, 1, 2],
        );
      },
    },
    {
      name: 'returns every vector when topK exceeds their number, and nothing for no query',
      async run() {
        const index = await create({ vectors: vectors.slice(0, 5) });
        const [matches] = await index.search({ vectors: queries.slice(0, 1), topK: 100 });
        assert.equal(matches?.length, 5);
        assert.deepEqual(await index.search({ vectors: [], topK: 3 }), []);
      },
    },
    {
      name: 'answers alike twice and after save and open',
      async run() {
        const index = await create({ vectors });
        const expected = await index.search({ vectors: queries, topK: 7 });
        assert.deepEqual(await index.search({ vectors: queries, topK: 7 }), expected);
        const again = await create({ vectors });
        assert.deepEqual(await again.search({ vectors: queries, topK: 7 }), expected);
        const directory = await mkdtemp(join(tmpdir(), 'dgpo-vector-index-'));
        try {
          await index.save(directory);
          const opened = await open({ directory, size: index.size, dimension });
          assert.equal(opened.size, index.size);
          assert.equal(opened.dimension, dimension);
          assert.deepEqual(await opened.search({ vectors: queries, topK: 7 }), expected);
        } finally {
          await rm(directory, { recursive: true });
        }
      },
    },
    {
      name: 'refuses no vectors, uneven or non-finite vectors, queries of another length and a topK below 1',
      async run() {
        const isConfigError = (error: unknown) => isDgpoError(error) && error.code === 'CONFIG_ERROR';
        const refuse = (action: () => unknown) => assert.rejects(async () => action(), isConfigError);
        await refuse(() => create({ vectors: [] }));
        await refuse(() => create({ vectors: [new Float32Array(3), new Float32Array(4)] }));
        await refuse(() => create({ vectors: [Float32Array.of(1, Number.NaN)] }));
        const index = await create({ vectors: vectors.slice(0, 5) });
        await refuse(() => index.search({ vectors: [new Float32Array(dimension + 1)], topK: 1 }));
        await refuse(() => index.search({ vectors: queries, topK: 0 }));
      },
    },
  ];
}
