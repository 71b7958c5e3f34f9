import { createRandom } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { createKernelMemory } from '../kernels/kernel-memory.js';
import { createKernelBlock } from './kernel-block.js';
import { createPlainBlock } from './plain-block.js';
import { quantize } from './quantize.js';
import type { Precision, RowBlock } from './row-block.js';

const random = createRandom(3).split('blocks');
const draw = (count: number, dimension: number) =>
  Array.from({ length: count }, () => Float32Array.from({ length: dimension }, () => random.normal()));

function createBlock(dimension: number, precision: Precision): RowBlock {
  const block = createKernelBlock({ dimension, precision, createKernelMemory });
  if (block === null) throw new Error('no WebAssembly SIMD here');
  return block;
}

describe.each(['float32', 'int8'] as const)('the kernels over rows of %s', (precision) => {
  it.each([1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 19, 24, 31, 37, 64, 100, 384])(
    'find what plain sums in float64 find, dimension %i',
    async (dimension) => {
      for (const [rowCount, queryCount] of [
        [1, 1],
        [2, 3],
        [3, 2],
        [4, 1],
        [9, 5],
        [301, 67],
      ] as const) {
        const rows = draw(rowCount, dimension);
        const queries = draw(queryCount, dimension);
        const block = createBlock(dimension, precision);
        const plain = createPlainBlock({ precision });
        block.append(rows.slice(0, 2));
        block.append(rows.slice(2));
        plain.append(rows);
        for (const row of [0, 100, 300].filter((each) => each < rowCount - 1)) {
          block.delete(row);
          plain.delete(row);
        }
        const topK = rowCount;
        const found = await block.search({ queries, topK });
        const expected = await plain.search({ queries, topK });
        for (const [position, matches] of found.entries()) {
          const scores = new Map(expected[position]?.map(({ index, score }) => [index, score]));
          expect(matches.length).toBe(scores.size);
          for (const [rank, { index, score }] of matches.entries()) {
            const truth = scores.get(index) ?? Number.NaN;
            // Single precision over products of size 1: dimension times half a unit in the last place, with room.
            expect(Math.abs(score - truth)).toBeLessThan(1e-6 * (dimension + 10));
            expect(rank === 0 || score <= (matches[rank - 1]?.score ?? 0)).toBe(true);
          }
        }
      }
    },
  );

  it('keep the best and, of equal scores, the first, whatever topK', async () => {
    const dimension = 5;
    const rows = Array.from({ length: 500 }, (_, row) => new Float32Array(dimension).fill((row * 7) % 10));
    const query = new Float32Array(dimension).fill(1);
    const block = createBlock(dimension, precision);
    block.append(rows);
    const order = [...rows.keys()].sort((left, right) => ((right * 7) % 10) - ((left * 7) % 10) || left - right);
    for (const topK of [1, 2, 13, 60, 499, 500, 5000]) {
      const [matches] = await block.search({ queries: [query], topK });
      expect(matches?.map(({ index }) => index)).toEqual(order.slice(0, topK));
    }
  });

  it('give the same scores to a query among others', async () => {
    const block = createBlock(21, precision);
    block.append(draw(50, 21));
    const queries = draw(70, 21);
    const together = await block.search({ queries, topK: 5 });
    for (const [position, query] of queries.entries()) {
      expect(await block.search({ queries: [query], topK: 5 })).toEqual([together[position]]);
    }
  });

  it('give rows back', () => {
    const block = createBlock(6, precision);
    const rows = draw(3, 6);
    block.append(rows);
    for (const [row, vector] of rows.entries()) {
      const back = block.row(row);
      for (const [column, entry] of vector.entries()) {
        expect(Math.abs((back[column] ?? 0) - entry)).toBeLessThan(precision === 'float32' ? 1e-12 : 0.02);
      }
    }
  });
});

describe('quantize', () => {
  it('errs by half a step at most, and keeps zero', () => {
    for (const vector of draw(20, 30)) {
      const { codes, scale } = quantize(vector);
      expect(Math.max(...codes.map(Math.abs))).toBe(127);
      for (const [column, entry] of vector.entries()) {
        expect(Math.abs((codes[column] ?? 0) * scale - entry)).toBeLessThanOrEqual(scale * 0.50001);
      }
    }
    expect(quantize(new Float32Array(3))).toEqual({ codes: new Int8Array(3), scale: 0 });
  });
});
