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
  /** Makes an empty index that shares nothing with others. */
  create: (options: { dimension: number }) => VectorIndex | Promise<VectorIndex>;
  /** Opens what `save` of an index with this dimension wrote. */
  open: (options: { directory: string; dimension: number }) => VectorIndex | Promise<VectorIndex>;
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

/** The indices of the true neighbours in order of the inner product, in float64. */
function trueNeighbours(vectors: ReadonlyMap<number, Float32Array>, query: Float32Array, topK: number): number[] {
  const scores = Array.from(vectors, ([index, vector]) => ({ index, score: product(query, vector) }));
  scores.sort((left, right) => right.score - left.score || left.index - right.index);
  return scores.slice(0, topK).map(({ index }) => index);
}

const isConfigError = (error: unknown) => isDgpoError(error) && error.code === 'CONFIG_ERROR';
const refuse = (action: () => unknown) => assert.rejects(async () => action(), isConfigError);

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'dgpo-vector-index-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/**
 * The cases every {@link VectorIndex} must pass, independent of any test runner:
 * `for (const { name, run } of vectorIndexCases({ create, open })) it(name, run)`.
 */
export function vectorIndexCases({ create, open, recall = 1 }: VectorIndexCasesOptions): ConformanceCase[] {
  const vectors = randomVectors(600, 'vectors');
  const queries = randomVectors(40, 'queries');
  const all = new Map(vectors.entries());

  const using = async (index: VectorIndex, use: (index: VectorIndex) => Promise<void>) => {
    try {
      await use(index);
    } finally {
      await index.close();
    }
  };
  const withIndex = async (added: readonly Float32Array[], use: (index: VectorIndex) => Promise<void>) =>
    using(await create({ dimension }), async (index) => {
      await index.add({ vectors: added });
      await use(index);
    });

  /** The index holds exactly these vectors under these indices, and finds them as well as it must. */
  async function requireNeighbours(index: VectorIndex, held: ReadonlyMap<number, Float32Array>): Promise<void> {
    assert.equal(index.size, held.size);
    const topK = Math.min(10, held.size);
    const results = await index.search({ vectors: queries, topK: 10 });
    assert.equal(results.length, queries.length);
    let found = 0;
    for (const [position, matches] of results.entries()) {
      const query = queries[position] as Float32Array;
      assert.equal(matches.length, topK);
      assert.equal(new Set(matches.map((match) => match.index)).size, topK);
      for (const [rank, match] of matches.entries()) {
        const vector = held.get(match.index);
        assert.ok(vector !== undefined, `${match.index} was found, which the index does not hold`);
        assert.ok(Math.abs(match.score - product(query, vector)) < 1e-5);
        assert.ok(rank === 0 || match.score <= (matches[rank - 1]?.score ?? 0));
      }
      const expected = trueNeighbours(held, query, 10);
      const indices = matches.map((match) => match.index);
      if (recall === 1) assert.deepEqual(indices, expected);
      found += indices.filter((match) => expected.includes(match)).length;
    }
    const share = held.size === 0 ? 1 : found / (topK * queries.length);
    assert.ok(share >= recall, `recall@10 is ${share}, expected at least ${recall}`);
  }

  return [
    {
      name: 'is empty at first and finds nothing',
      run: () =>
        withIndex([], async (index) => {
          assert.equal(index.size, 0);
          assert.equal(index.length, 0);
          assert.equal(index.dimension, dimension);
          assert.deepEqual(await index.search({ vectors: queries.slice(0, 2), topK: 3 }), [[], []]);
        }),
    },
    {
      name: 'finds the neighbours that brute force finds, with their inner products, best first',
      run: () =>
        withIndex(vectors, async (index) => {
          assert.equal(index.length, vectors.length);
          await requireNeighbours(index, all);
        }),
    },
    {
      name: 'takes vectors in several batches and answers in between',
      run: () =>
        withIndex(vectors.slice(0, 7), async (index) => {
          for (const [start, end] of [
            [7, 300],
            [300, 300],
            [300, 600],
          ] as const) {
            assert.equal(index.length, start);
            await requireNeighbours(index, new Map([...all].slice(0, start)));
            await index.add({ vectors: vectors.slice(start, end) });
          }
          await requireNeighbours(index, all);
        }),
    },
    {
      name: 'finds each vector itself',
      run: () =>
        withIndex(vectors.slice(0, 50), async (index) => {
          const results = await index.search({ vectors: vectors.slice(0, 50), topK: 1 });
          const best = results.map(([match]) => match?.index);
          assert.deepEqual(best, [...best.keys()]);
        }),
    },
    {
      name: 'keeps order of index among equal scores',
      run: () => {
        const same = vectors[0] as Float32Array;
        return withIndex([same, same, same], async (index) => {
          const [matches] = await index.search({ vectors: [same], topK: 3 });
          assert.deepEqual(
            matches?.map((match) => match.index),
            [0, 1, 2],
          );
        });
      },
    },
    {
      name: 'returns every vector when topK exceeds their number, and nothing for no query',
      run: () =>
        withIndex(vectors.slice(0, 5), async (index) => {
          const [matches] = await index.search({ vectors: queries.slice(0, 1), topK: 100 });
          assert.equal(matches?.length, 5);
          assert.deepEqual(await index.search({ vectors: [], topK: 3 }), []);
        }),
    },
    {
      name: 'answers one query as it does among others',
      run: () =>
        withIndex(vectors, async (index) => {
          const together = await index.search({ vectors: queries.slice(0, 5), topK: 4 });
          for (const [position, query] of queries.slice(0, 5).entries()) {
            assert.deepEqual(await index.search({ vectors: [query], topK: 4 }), [together[position]]);
          }
        }),
    },
    {
      name: 'never finds what was deleted, and gives its index to nobody',
      run: () =>
        withIndex(vectors.slice(0, 400), async (index) => {
          const held = new Map([...all].slice(0, 400));
          const remove = async (indices: number[]) => {
            await index.delete({ indices });
            for (const each of indices) held.delete(each);
          };
          await remove([...held.keys()].filter((each) => each % 3 === 0));
          assert.equal(index.length, 400);
          await requireNeighbours(index, held);
          await remove([0, 1, 399, 399]);
          await requireNeighbours(index, held);
          await index.add({ vectors: vectors.slice(400) });
          for (const [each, vector] of [...all].slice(400)) held.set(each, vector);
          assert.equal(index.length, 600);
          await requireNeighbours(index, held);
          await index.delete({ indices: [] });
          await requireNeighbours(index, held);
        }),
    },
    {
      name: 'finds nothing when all was deleted, and what is added afterwards',
      run: () =>
        withIndex(vectors.slice(0, 20), async (index) => {
          await index.delete({ indices: Array.from({ length: 20 }, (_, each) => each) });
          assert.equal(index.size, 0);
          assert.deepEqual(await index.search({ vectors: queries.slice(0, 1), topK: 3 }), [[]]);
          await index.add({ vectors: vectors.slice(20, 40) });
          assert.equal(index.length, 40);
          await requireNeighbours(index, new Map([...all].slice(20, 40)));
        }),
    },
    {
      name: 'answers alike twice, built alike, and after save and open',
      run: () =>
        withIndex(vectors, async (index) => {
          const expected = await index.search({ vectors: queries, topK: 7 });
          assert.deepEqual(await index.search({ vectors: queries, topK: 7 }), expected);
          await withIndex(vectors, async (again) =>
            assert.deepEqual(await again.search({ vectors: queries, topK: 7 }), expected),
          );
          await inDirectory(async (directory) => {
            await index.save(directory);
            await using(await open({ directory, dimension }), async (opened) => {
              assert.equal(opened.kind, index.kind);
              assert.equal(opened.size, 600);
              assert.equal(opened.length, 600);
              assert.equal(opened.dimension, dimension);
              assert.deepEqual(await opened.search({ vectors: queries, topK: 7 }), expected);
            });
          });
        }),
    },
    {
      name: 'keeps deletions over save and open, and goes on from there',
      run: () =>
        withIndex(vectors.slice(0, 300), async (index) => {
          const held = new Map([...all].slice(0, 300));
          const removed = [0, 5, 17, 298, 299];
          await index.delete({ indices: removed });
          for (const each of removed) held.delete(each);
          await inDirectory(async (directory) => {
            await index.save(directory);
            await using(await open({ directory, dimension }), async (opened) => {
              assert.equal(opened.length, 300);
              await requireNeighbours(opened, held);
              await opened.add({ vectors: vectors.slice(300) });
              await opened.delete({ indices: [400] });
              for (const [each, vector] of [...all].slice(300)) if (each !== 400) held.set(each, vector);
              assert.equal(opened.length, 600);
              await requireNeighbours(opened, held);
              await inDirectory(async (next) => {
                await opened.save(next);
                await using(await open({ directory: next, dimension }), (again) => requireNeighbours(again, held));
              });
            });
          });
        }),
    },
    {
      name: 'opens empty when it was saved empty',
      run: () =>
        withIndex([], (index) =>
          inDirectory(async (directory) => {
            await index.save(directory);
            await using(await open({ directory, dimension }), async (opened) => {
              assert.equal(opened.length, 0);
              await opened.add({ vectors: vectors.slice(0, 30) });
              await requireNeighbours(opened, new Map([...all].slice(0, 30)));
            });
          }),
        ),
    },
    {
      name: 'refuses uneven and non-finite vectors, unknown indices, queries of another length and a topK below 1',
      run: () =>
        withIndex(vectors.slice(0, 5), async (index) => {
          const bad = (entry: number) => Float32Array.from({ length: dimension }, () => entry);
          await refuse(() => create({ dimension: 0 }));
          await refuse(() => index.add({ vectors: [bad(1), new Float32Array(dimension + 1)] }));
          await refuse(() => index.add({ vectors: [bad(1), bad(Number.NaN)] }));
          await refuse(() => index.add({ vectors: [bad(Number.POSITIVE_INFINITY)] }));
          await refuse(() => index.delete({ indices: [0, 5] }));
          await refuse(() => index.delete({ indices: [-1] }));
          await refuse(() => index.delete({ indices: [0.5] }));
          await refuse(() => index.search({ vectors: [new Float32Array(dimension + 1)], topK: 1 }));
          await refuse(() => index.search({ vectors: queries, topK: 0 }));
          assert.equal(index.length, 5);
          await requireNeighbours(index, new Map([...all].slice(0, 5)));
        }),
    },
    {
      name: 'adds nothing under a signal that was aborted before, and closes twice',
      run: () =>
        withIndex(vectors.slice(0, 5), async (index) => {
          const signal = AbortSignal.abort(new Error('enough'));
          await assert.rejects(index.add({ vectors: vectors.slice(5), signal }), /enough/);
          assert.equal(index.length, 5);
          await index.close();
        }),
    },
  ];
}
