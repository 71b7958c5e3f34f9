import { describe, expect, it } from 'vitest';
import { testMemory } from './test-memory.js';
import { expectClose, testValues } from './test-values.js';

type Form = 'NN' | 'NT' | 'TN' | 'TT' | 'odd';

/** Lays a matrix out with any strides in a buffer whose other elements are NaN. */
const layOut = (rows: number, columns: number, at: (i: number, j: number) => number, row: number, col: number) => {
  const buffer = new Float32Array((rows - 1) * row + (columns - 1) * col + 1).fill(Number.NaN);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) buffer[i * row + j * col] = at(i, j);
  return buffer;
};

const strides: Record<Form, (m: number, n: number, k: number) => [number, number, number, number]> = {
  NN: (_m, n, k) => [k, 1, n, 1],
  NT: (_m, _n, k) => [k, 1, 1, k],
  TN: (m, n) => [1, m, n, 1],
  TT: (m, _n, k) => [1, m, 1, k],
  odd: (_m, n, k) => [2 * k + 3, 2, 3 * n + 1, 3],
};

const run = (form: Form, m: number, n: number, k: number, rows = m, { bias = false, accumulate = false } = {}) => {
  const memory = testMemory();
  const [a, b] = [testValues(m * k, 'a'), testValues(k * n, 'b')];
  const [biases, c] = [testValues(n, 'bias'), testValues(m * (n + 2), 'c')];
  const [aRow, aCol, bRow, bCol] = strides[form](rows, n, k);
  const scratch = memory.scratch(memory.kernels.gemmScratchBytes(rows, n, k));
  const guard = memory.floats([7, 7, 7, 7]);
  const aAt = memory.floats(layOut(rows, k, (i, p) => a[i * k + p] ?? 0, aRow, aCol));
  const bAt = memory.floats(layOut(k, n, (p, j) => b[p * n + j] ?? 0, bRow, bCol));
  const cAt = memory.floats(c);
  const biasAt = bias ? memory.floats(biases) : 0;
  memory.kernels.gemm(rows, n, k, aAt, aRow, aCol, bAt, bRow, bCol, cAt, n + 2, biasAt, accumulate ? 1 : 0, scratch);
  expect([...memory.read(guard, 4)]).toEqual([7, 7, 7, 7]);

  const result = memory.read(cAt, rows * (n + 2));
  const expected = Float64Array.from(c.subarray(0, rows * (n + 2)));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < n; j++) {
      let sum = (bias ? (biases[j] ?? 0) : 0) + (accumulate ? (c[i * (n + 2) + j] ?? 0) : 0);
      for (let p = 0; p < k; p++) sum += (a[i * k + p] ?? 0) * (b[p * n + j] ?? 0);
      expected[i * (n + 2) + j] = sum;
    }
  }
  return { result, expected };
};

describe('gemm', () => {
  const sizes: [number, number, number][] = [
    [1, 1, 1],
    [1, 33, 7],
    [2, 65, 33],
    [3, 7, 65],
    [4, 8, 4],
    [5, 40, 300],
    [7, 3, 1],
    [8, 16, 12],
    [9, 31, 257],
    [33, 65, 7],
    [65, 33, 520],
    [70, 530, 9],
    [1, 64, 512],
    [2, 48, 256],
  ];
  it.each(['NN', 'NT', 'TN', 'TT', 'odd'] as const)('%s equals the product in double precision', (form) => {
    for (const [m, n, k] of sizes) {
      for (const options of [{}, { bias: true }, { accumulate: true }, { bias: true, accumulate: true }]) {
        const { result, expected } = run(form, m, n, k, m, options);
        expectClose(result, expected, 4e-6 * Math.sqrt(k + 4));
      }
    }
  });

  it('gives k = 0 the bias', () => {
    expectClose(run('NN', 3, 9, 0, 3, { bias: true }).result, run('NN', 3, 9, 0, 3, { bias: true }).expected, 0);
  });

  it.each(['NN', 'NT', 'TN', 'odd'] as const)('%s: the bytes of a row do not depend on the batch', (form) => {
    for (const [n, k] of [
      [65, 33],
      [48, 300],
      [530, 8],
    ] as const) {
      const whole = run(form, 70, n, k, 70, { bias: true }).result;
      const other = run(form === 'NN' ? 'TN' : 'NN', 70, n, k, 70, { bias: true }).result;
      expect(other).toEqual(whole);
      for (const rows of [1, 2, 3, 4, 7, 8, 9, 33, 65]) {
        expect(run(form, 70, n, k, rows, { bias: true }).result).toEqual(whole.subarray(0, rows * (n + 2)));
      }
    }
  });
});
