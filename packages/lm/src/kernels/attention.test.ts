import { createRandom } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { testMemory } from './test-memory.js';
import { centralDifferences, dot, expectClose, testValues } from './test-values.js';

interface Shape {
  time: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  lengths: number[];
}

/** Values for [tokens, width] at a row stride of width + 1. Rows of padding are NaN, and so is what lies between rows. */
const tokens = ({ time, lengths }: Shape, width: number, name: string) => {
  const values = testValues(8 * time * width, name);
  return Float32Array.from({ length: lengths.length * time * (width + 1) }, (_, at) => {
    const [token, column] = [Math.floor(at / (width + 1)), at % (width + 1)];
    const padding = token % time >= (lengths[Math.floor(token / time)] ?? 0);
    return padding || column === width ? Number.NaN : (values[token * width + column] ?? 0);
  });
};

/** Causal grouped-query attention in double precision; row strides as in `tokens`, padding 0. */
const reference = (shape: Shape, scale: number, q: ArrayLike<number>, k: ArrayLike<number>, v: ArrayLike<number>) => {
  const { time, heads, kvHeads, headDim, lengths } = shape;
  const [qRow, kRow] = [heads * headDim + 1, kvHeads * headDim + 1];
  const out = new Float64Array(lengths.length * time * heads * headDim);
  lengths.forEach((length, b) => {
    for (let h = 0; h < heads; h++) {
      const shared = Math.floor((h * kvHeads) / heads) * headDim;
      for (let i = 0; i < length; i++) {
        const weights = Array.from({ length: i + 1 }, (_, j) => {
          let sum = 0;
          for (let d = 0; d < headDim; d++) {
            sum += (q[(b * time + i) * qRow + h * headDim + d] ?? 0) * (k[(b * time + j) * kRow + shared + d] ?? 0);
          }
          return Math.exp(sum * scale);
        });
        const total = weights.reduce((a, c) => a + c, 0);
        for (let d = 0; d < headDim; d++) {
          const sum = weights.reduce((a, weight, j) => a + weight * (v[(b * time + j) * kRow + shared + d] ?? 0), 0);
          out[((b * time + i) * heads + h) * headDim + d] = sum / total;
        }
      }
    }
  });
  return out;
};

const run = (shape: Shape) => {
  const { time, heads, kvHeads, headDim, lengths } = shape;
  const memory = testMemory();
  const { kernels } = memory;
  const [width, kvWidth, batch] = [heads * headDim, kvHeads * headDim, lengths.length];
  const scale = 1.5 / Math.sqrt(headDim);
  const [q, k, v] = [tokens(shape, width, 'q'), tokens(shape, kvWidth, 'k'), tokens(shape, kvWidth, 'v')];
  const dOut = tokens(shape, width, 'dOut');
  const [qAt, kAt, vAt, dOutAt] = [memory.floats(q), memory.floats(k), memory.floats(v), memory.floats(dOut)];
  const lengthsAt = memory.integers(lengths);
  const [out, sums] = [memory.result(batch * time * width), memory.result(batch * heads * time)];
  const dq = memory.result(batch * time * width);
  const [dk, dv] = [memory.result(batch * time * kvWidth), memory.result(batch * time * kvWidth)];
  const sizes = [batch, time, heads, kvHeads, headDim] as const;
  const inputs = [qAt, width + 1, kAt, kvWidth + 1, vAt, kvWidth + 1, lengthsAt, scale] as const;
  kernels.attention(
    ...sizes,
    ...inputs,
    out,
    width,
    sums,
    memory.scratch(kernels.attentionScratchBytes(time, headDim)),
  );
  const scratch = memory.scratch(kernels.attentionGradientScratchBytes(time, headDim));
  const guard = memory.floats([7, 7]);
  kernels.attentionGradient(
    ...sizes,
    ...inputs,
    out,
    width,
    sums,
    dOutAt,
    width + 1,
    dq,
    width,
    dk,
    kvWidth,
    dv,
    kvWidth,
    scratch,
  );
  expect([...memory.read(guard, 2)]).toEqual([7, 7]);
  const read = (at: number, columns: number) => memory.read(at, batch * time * columns);
  return {
    memory,
    scale,
    q,
    k,
    v,
    dOut,
    out: read(out, width),
    dq: read(dq, width),
    dk: read(dk, kvWidth),
    dv: read(dv, kvWidth),
  };
};

/** Takes the column behind each row away, which has no gradient, and gives padding the 0 it must have. */
const compact = (values: ArrayLike<number>, width: number) =>
  Array.from(values)
    .filter((_, at) => at % (width + 1) !== width)
    .map((value) => (Number.isNaN(value) ? 0 : value));

const small: Shape[] = [
  { time: 1, heads: 1, kvHeads: 1, headDim: 1, lengths: [1] },
  { time: 7, heads: 2, kvHeads: 1, headDim: 3, lengths: [7, 3, 0] },
  { time: 5, heads: 4, kvHeads: 2, headDim: 8, lengths: [4, 5] },
];
const shapes: Shape[] = [
  ...small,
  { time: 65, heads: 3, kvHeads: 3, headDim: 7, lengths: [65, 33, 1] },
  { time: 300, heads: 2, kvHeads: 1, headDim: 32, lengths: [270, 300] },
];

describe('attention', () => {
  it('equals the definition and never reads padding', () => {
    for (const shape of shapes) {
      const { scale, q, k, v, out } = run(shape);
      expectClose(out, reference(shape, scale, q, k, v), 3e-6);
    }
  });

  it('has the gradients of central differences', () => {
    for (const shape of small) {
      const { scale, q, k, v, dOut, dq, dk, dv } = run(shape);
      const [width, kvWidth] = [shape.heads * shape.headDim, shape.kvHeads * shape.headDim];
      const weights = compact(dOut, width);
      const loss = (a: ArrayLike<number>, b: ArrayLike<number>, c: ArrayLike<number>) =>
        dot(reference(shape, scale, a, b, c), weights);
      expectClose(
        dq,
        compact(
          centralDifferences(q, (moved) => loss(moved, k, v)),
          width,
        ),
        1e-5,
      );
      expectClose(
        dk,
        compact(
          centralDifferences(k, (moved) => loss(q, moved, v)),
          kvWidth,
        ),
        1e-5,
      );
      expectClose(
        dv,
        compact(
          centralDifferences(v, (moved) => loss(q, k, moved)),
          kvWidth,
        ),
        1e-5,
      );
    }
  });

  it('has a directional derivative on long sequences', () => {
    for (const shape of shapes.slice(small.length)) {
      const { scale, q, k, v, dOut, dq, dk, dv } = run(shape);
      const [width, kvWidth] = [shape.heads * shape.headDim, shape.kvHeads * shape.headDim];
      const moves = [
        tokens(shape, width, 'move q'),
        tokens(shape, kvWidth, 'move k'),
        tokens(shape, kvWidth, 'move v'),
      ];
      const at = (step: number) => {
        const moved = [q, k, v].map((x, i) => Float64Array.from(x, (value, j) => value + step * (moves[i]?.[j] ?? 0)));
        return dot(reference(shape, scale, moved[0] ?? [], moved[1] ?? [], moved[2] ?? []), compact(dOut, width));
      };
      const expected = (at(1e-4) - at(-1e-4)) / 2e-4;
      const actual = [dq, dk, dv].reduce(
        (sum, gradient, i) => sum + dot(gradient, compact(moves[i] ?? [], i === 0 ? width : kvWidth)),
        0,
      );
      expect(Math.abs(actual - expected)).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected)));
    }
  });

  it('gives a sequence the same bytes alone, padded and in a batch', () => {
    for (const length of [1, 7, 33, 65]) {
      const shape = { time: 65, heads: 4, kvHeads: 2, headDim: 8, lengths: [length, 65, 3] };
      const [alone, batch] = [run({ ...shape, time: length, lengths: [length] }), run(shape)];
      for (const name of ['out', 'dq', 'dk', 'dv'] as const) {
        expect(alone[name]).toEqual(batch[name].slice(0, alone[name].length));
      }
    }
  });
});

describe('cacheAttention', () => {
  it('gives the bytes of attention, in any order of tokens, rows and pages', () => {
    for (const shape of [
      ...shapes,
      { time: 40, heads: 6, kvHeads: 2, headDim: 16, lengths: [40, 9] },
      { time: 34, heads: 1, kvHeads: 1, headDim: 300, lengths: [34] },
    ]) {
      const { time, heads, kvHeads, headDim, lengths } = shape;
      const { memory, scale, q, k, v, out } = run(shape);
      const { kernels } = memory;
      const [width, kvWidth, page] = [heads * headDim, kvHeads * headDim, kernels.cachePageTokens()];
      const picked = lengths
        .flatMap((length, b) =>
          Array.from({ length }, (_, i) => ({ row: lengths.length - b, token: b * time + i, position: i })),
        )
        .reverse();
      const gather = (x: Float32Array, row: number) =>
        memory.floats(picked.flatMap(({ token }) => [...x.subarray(token * row, (token + 1) * row)]));
      // Two layers in a page, of which the second is used; the pages of a row lie in no order.
      const layerBytes = 2 * kvWidth * page * 4;
      const maxPages = Math.ceil(time / page) + 1;
      const order = createRandom(1).shuffle(Array.from({ length: (lengths.length + 1) * maxPages }, (_, at) => at));
      const pool = memory.result((order.length * 2 * layerBytes) / 4);
      const pages = memory.integers(order.map((at) => pool + at * 2 * layerBytes));
      const result = memory.result(picked.length * width);
      const rows = memory.integers(picked.map(({ row }) => row));
      const positions = memory.integers(picked.map(({ position }) => position));
      kernels.cacheWrite(
        picked.length,
        kvHeads,
        headDim,
        gather(k, kvWidth + 1),
        kvWidth + 1,
        gather(v, kvWidth + 1),
        kvWidth + 1,
        rows,
        positions,
        pages,
        maxPages,
        layerBytes,
      );
      const scratch = memory.scratch(kernels.cacheAttentionScratchBytes(heads, headDim, maxPages));
      kernels.cacheAttention(
        picked.length,
        heads,
        kvHeads,
        headDim,
        gather(q, width + 1),
        width + 1,
        rows,
        positions,
        pages,
        maxPages,
        layerBytes,
        scale,
        result,
        width,
        scratch,
      );
      const expected = picked.flatMap(({ token }) => [...out.subarray(token * width, (token + 1) * width)]);
      expect(memory.read(result, expected.length)).toEqual(Float32Array.from(expected));
    }
  });
});
