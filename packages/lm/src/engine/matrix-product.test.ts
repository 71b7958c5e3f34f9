import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { expectClose } from '../kernels/test-values.js';
import { plainSgemm } from './__fixtures__/plain-sgemm.js';
import type { Blas } from './blas.js';
import { useBlas } from './matrix-product.js';
import { selectEngine } from './select-engine.js';
import { type WasmContext, wasmContext } from './wasm-context.js';

const plain = (sgemm = plainSgemm): Blas => ({
  facts: { library: 'plain', config: 'JavaScript', threads: 1, minimumWork: 0 },
  sgemm,
  worthwhile: () => true,
});

describe('matrixProduct', () => {
  let context: WasmContext;
  beforeAll(async () => {
    await selectEngine({ engine: 'wasm', blas: 'off' });
    context = wasmContext() as WasmContext;
  });
  afterEach(() => {
    useBlas(undefined);
  });

  const draw = createRandom(1).split('matrix product');
  const values = (count: number) => Float32Array.from({ length: count }, () => draw.normal());

  describe.each([
    ['our kernel', undefined],
    ['a library', plain()],
  ])('on %s', (_, library) => {
    test.each([
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ])('transposed: A %s, B %s; plain, with a bias, and added', (transposeA, transposeB) => {
      useBlas(library);
      for (const [m, n, k] of [
        [1, 1, 1],
        [5, 7, 3],
        [33, 17, 40],
      ] as const) {
        const [a, b, bias, start] = [values(m * k), values(k * n), values(n), values(m * n)];
        for (const form of ['plain', 'bias', 'accumulate'] as const) {
          const tensors = [a, b, bias, start].map((data) => tf.tensor1d(data));
          const [aAt = 0, bAt = 0, biasAt = 0, cAt = 0] = tensors.map((tensor) => context.pointer(tensor));
          if (form !== 'accumulate') context.floats(cAt, m * n).fill(Number.NaN);
          context.matrixProduct({
            ...{ m, n, k, a: aAt, transposeA, b: bAt, transposeB, c: cAt },
            ...(form === 'bias' ? { bias: biasAt } : {}),
            ...(form === 'accumulate' ? { accumulate: true } : {}),
          });
          const expected = Float64Array.from({ length: m * n }, (_unused, at) => {
            const [i, j] = [Math.floor(at / n), at % n];
            let sum = form === 'bias' ? (bias[j] ?? 0) : form === 'accumulate' ? (start[at] ?? 0) : 0;
            for (let p = 0; p < k; p++) {
              sum += (a[transposeA ? p * m + i : i * k + p] ?? 0) * (b[transposeB ? j * k + p : p * n + j] ?? 0);
            }
            return sum;
          });
          expectClose(context.floats(cAt, m * n).slice(), expected, 3e-5);
          tf.dispose(tensors);
        }
      }
    });
  });

  test('the library gets views of the heap, not copies, and only what is worth a call', () => {
    const sgemm = vi.fn(plainSgemm);
    useBlas({ ...plain(sgemm), worthwhile: (m) => m > 2 });
    const [a, b, c] = [tf.ones([3, 3]), tf.ones([3, 3]), tf.zeros([3, 3])];
    const at = { a: context.pointer(a), b: context.pointer(b), c: context.pointer(c) };
    context.matrixProduct({ m: 2, n: 3, k: 3, ...at });
    expect(sgemm).not.toHaveBeenCalled();
    context.matrixProduct({ m: 3, n: 3, k: 3, ...at });
    expect(sgemm).toHaveBeenCalledOnce();
    const [product] = sgemm.mock.calls[0] as Parameters<typeof plainSgemm>;
    expect([product.a, product.b, product.c].map((view) => view.byteOffset)).toEqual([at.a, at.b, at.c]);
    expect([...context.floats(at.c, 9)]).toEqual(Array(9).fill(3));
    tf.dispose([a, b, c]);
  });

  test('memory that grows in between is seen', () => {
    useBlas(plain());
    const [ones, result] = [tf.ones([4, 4]), tf.zeros([4, 4])];
    const [a, c] = [context.pointer(ones), context.pointer(result)];
    const product = () => {
      context.floats(c, 16).fill(0);
      context.matrixProduct({ m: 4, n: 4, k: 4, a, b: a, c });
      return [...context.floats(c, 16)];
    };
    expect(product()).toEqual(Array(16).fill(4));
    const { buffer } = context.floats(a, 1);
    const large = tf.zeros([buffer.byteLength / 4]);
    expect(buffer.byteLength).toBe(0);
    expect(product()).toEqual(Array(16).fill(4));
    tf.dispose([ones, result, large]);
  });
});
