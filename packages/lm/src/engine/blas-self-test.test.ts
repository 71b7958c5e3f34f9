import { describe, expect, test } from 'vitest';
import { plainSgemm } from './__fixtures__/plain-sgemm.js';
import { type Sgemm, wrongProduct } from './blas-self-test.js';

describe('wrongProduct', () => {
  test('accepts a right one', () => {
    expect(wrongProduct(plainSgemm)).toBeUndefined();
  });

  const mistakes: [string, Sgemm][] = [
    ['that does nothing', () => undefined],
    ['that takes A as it is', (product) => plainSgemm({ ...product, transposeA: false })],
    ['that takes B as it is', (product) => plainSgemm({ ...product, transposeB: false })],
    ['that always overwrites', (product) => plainSgemm({ ...product, beta: 0 })],
    ['that always adds', (product) => plainSgemm({ ...product, beta: 1 })],
    ['that leaves out the last of a long sum', (product) => plainSgemm({ ...product, k: Math.min(product.k, 1029) })],
  ];
  test.each(mistakes)('finds one %s', (_, sgemm) => {
    expect(wrongProduct(sgemm)).toMatch(/^\d+ x \d+ by \d+ x \d+$/);
  });

  test('finds one that writes past the end', () => {
    const wrong: Sgemm = (product) => {
      plainSgemm(product);
      product.c[product.m * product.n] = 1;
    };
    expect(wrongProduct(wrong)).toContain('past its end');
  });
});
