import { describe, expect, it } from 'vitest';
import { testMemory } from './test-memory.js';
import { centralDifferences, dot, expectClose, testValues } from './test-values.js';

const widths = [1, 3, 4, 7, 33, 65];

describe('embedding', () => {
  it('copies rows, and adds gradients of repeated ids', () => {
    for (const width of widths) {
      const memory = testMemory();
      const ids = [2, 0, 2, 3, 2];
      const [table, dOut] = [testValues(5 * width, 'table'), testValues(ids.length * width, 'dOut')];
      const [out, dTable] = [memory.result(ids.length * width), memory.result(5 * width)];
      const idsAt = memory.integers(ids);
      memory.kernels.embedding(ids.length, width, memory.floats(table), idsAt, out);
      memory.kernels.embeddingGradient(ids.length, width, 5, idsAt, memory.floats(dOut), dTable);
      const expected = new Float64Array(5 * width);
      ids.forEach((id, r) => {
        expect(memory.read(out + 4 * r * width, width)).toEqual(table.slice(id * width, (id + 1) * width));
        for (let i = 0; i < width; i++)
          expected[id * width + i] = (expected[id * width + i] ?? 0) + (dOut[r * width + i] ?? 0);
      });
      expectClose(memory.read(dTable, 5 * width), expected, 1e-6);
    }
  });
});

describe('rmsNorm', () => {
  const epsilon = 1e-5;
  const reference = (x: ArrayLike<number>, gain: ArrayLike<number>) => {
    const width = gain.length;
    return Float64Array.from(x, (value, at) => {
      const row = at - (at % width);
      let squares = 0;
      for (let i = 0; i < width; i++) squares += (x[row + i] ?? 0) ** 2;
      return (value / Math.sqrt(squares / width + epsilon)) * (gain[at % width] ?? 0);
    });
  };
  const run = (rows: number, width: number) => {
    const memory = testMemory();
    const [x, gain, dy] = [
      testValues(5 * width, 'x').subarray(0, rows * width),
      testValues(width, 'gain'),
      testValues(5 * width, 'dy').subarray(0, rows * width),
    ];
    const [xAt, gainAt] = [memory.floats(x), memory.floats(gain)];
    const [y, inverse, dx, dGain] = [
      memory.result(rows * width),
      memory.result(rows),
      memory.result(rows * width),
      memory.result(width),
    ];
    memory.kernels.rmsNorm(rows, width, xAt, gainAt, epsilon, y, inverse);
    memory.kernels.rmsNormGradient(rows, width, xAt, gainAt, inverse, memory.floats(dy), dx, dGain);
    return {
      x,
      gain,
      dy,
      y: memory.read(y, rows * width),
      dx: memory.read(dx, rows * width),
      dGain: memory.read(dGain, width),
    };
  };

  it('equals the definition, and its gradients central differences', () => {
    for (const width of widths) {
      const { x, gain, dy, y, dx, dGain } = run(5, width);
      expectClose(y, reference(x, gain), 2e-6);
      expectClose(
        dx,
        centralDifferences(x, (moved) => dot(reference(moved, gain), dy)),
        2e-5,
      );
      expectClose(
        dGain,
        centralDifferences(gain, (moved) => dot(reference(x, moved), dy)),
        1e-5,
      );
    }
  });

  it('gives a row the same bytes alone and in a batch', () => {
    for (const width of widths) {
      const [one, five] = [run(1, width), run(5, width)];
      expect(one.y).toEqual(five.y.slice(0, width));
      expect(one.dx).toEqual(five.dx.slice(0, width));
    }
  });
});

describe('rotary', () => {
  const [tokens, heads] = [5, 3];
  const run = (headDim: number) => {
    const memory = testMemory();
    const row = heads * headDim + 3;
    const half = headDim / 2;
    const x = testValues(tokens * row, 'x');
    const positions = [0, 1, 6, 2, 6];
    const cosSin = Float32Array.from({ length: 7 * headDim }, (_, at) => {
      const angle = Math.floor(at / headDim) / 10 ** ((at % half) / half);
      return at % headDim < half ? Math.cos(angle) : Math.sin(angle);
    });
    const [xAt, yAt] = [memory.floats(x), memory.floats(x)];
    const apply = (from: number, to: number, direction: number) =>
      memory.kernels.rotary(
        tokens,
        heads,
        headDim,
        from,
        row,
        memory.integers(positions),
        memory.floats(cosSin),
        to,
        row,
        direction,
      );
    apply(xAt, yAt, 1);
    const expected = x.slice();
    positions.forEach((position, t) => {
      for (let h = 0; h < heads; h++) {
        for (let i = 0; i < half; i++) {
          const at = t * row + h * headDim + i;
          const [a, b] = [x[at] ?? 0, x[at + half] ?? 0];
          const angle = position / 10 ** (i / half);
          expected[at] = a * Math.cos(angle) - b * Math.sin(angle);
          expected[at + half] = b * Math.cos(angle) + a * Math.sin(angle);
        }
      }
    });
    expectClose(memory.read(yAt, x.length), expected, 1e-6);
    const rotated = memory.read(yAt, x.length);
    apply(xAt, xAt, 1);
    expect(memory.read(xAt, x.length)).toEqual(rotated);
    apply(xAt, xAt, -1);
    expectClose(memory.read(xAt, x.length), x, 1e-6);
  };

  it('rotates pairs of halves, in place too, and back', () => {
    for (const headDim of [2, 6, 8, 14, 32]) run(headDim);
  });
});

describe('swiglu', () => {
  const reference = (x: ArrayLike<number>, width: number) =>
    Float64Array.from({ length: x.length / 2 }, (_, at) => {
      const gate = (at - (at % width)) * 2 + (at % width);
      const g = x[gate] ?? 0;
      return (g / (1 + Math.exp(-g))) * (x[gate + width] ?? 0);
    });

  it('equals the definition, and its gradient central differences', () => {
    for (const width of widths) {
      const memory = testMemory();
      const x = testValues(6 * width, 'x').map((value) => 4 * value);
      const dy = testValues(3 * width, 'dy');
      const xAt = memory.floats(x);
      const [y, dx] = [memory.result(3 * width), memory.result(6 * width)];
      memory.kernels.swiglu(3, width, xAt, y);
      memory.kernels.swigluGradient(3, width, xAt, memory.floats(dy), dx);
      expectClose(memory.read(y, 3 * width), reference(x, width), 2e-6);
      expectClose(
        memory.read(dx, 6 * width),
        centralDifferences(x, (moved) => dot(reference(moved, width), dy)),
        1e-5,
      );
      const alone = memory.result(width);
      memory.kernels.swiglu(1, width, xAt, alone);
      expect(memory.read(alone, width)).toEqual(memory.read(y, width));
    }
  });

  it('is 0 or the gate far out', () => {
    const memory = testMemory();
    const y = memory.result(2);
    memory.kernels.swiglu(1, 2, memory.floats([-200, 200, 1, 1]), y);
    expectClose(memory.read(y, 2), [0, 200], 0);
  });
});
