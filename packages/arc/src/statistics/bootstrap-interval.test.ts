import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { bootstrapFigures } from './bootstrap-figures.js';
import { bootstrapInterval } from './bootstrap-interval.js';

test('agrees with exact enumeration for three values', () => {
  // The mean of three draws from {0, 0, 1} is k/3 with k ~ Binomial(3, 1/3): P(0) = 8/27, P(1) = 12/27, P(2) = 6/27, P(3) = 1/27.
  // P(k = 3) = 0.037, so the 97.5 % quantile is 1 and the 90 % quantile 2/3; P(k = 0) = 0.296 puts both lower ends at 0.
  const values = [0, 0, 1];
  const wide = bootstrapInterval({ values, bootstrapSamples: 20_000 });
  expect(wide).toEqual({ mean: 1 / 3, low: 0, high: 1, count: 3 });
  const narrow = bootstrapInterval({ values, bootstrapSamples: 20_000, confidence: 0.8 });
  expect(narrow).toEqual({ mean: 1 / 3, low: 0, high: 2 / 3, count: 3 });
});

test('draws whole clusters: two equal samples of each question tell no more than one', () => {
  const values = [0, 0, 0, 0, 1, 1];
  const clusters = ['a', 'a', 'b', 'b', 'c', 'c'];
  const figure = bootstrapInterval({ values, clusters, bootstrapSamples: 20_000, confidence: 0.8 });
  expect(figure).toEqual({ mean: 1 / 3, low: 0, high: 2 / 3, count: 6 });
});

test('is close to the normal interval for many values', () => {
  // 300 of 1000: 0.3 ± 1.96 · sqrt(0.3 · 0.7 / 1000) = 0.3 ± 0.0284
  const values = Array.from({ length: 1000 }, (_, index) => Number(index < 300));
  const { low, high } = bootstrapInterval({ values, bootstrapSamples: 4000 });
  expect(Math.abs(low - 0.2716)).toBeLessThan(0.003);
  expect(Math.abs(high - 0.3284)).toBeLessThan(0.003);
});

test('leaves out what was not measured', () => {
  expect(bootstrapInterval({ values: [1, Number.NaN, 1] })).toEqual({ mean: 1, low: 1, high: 1, count: 2 });
  expect(bootstrapInterval({ values: [Number.NaN] }).count).toBe(0);
  expect(bootstrapInterval({ values: [] })).toEqual({ mean: Number.NaN, low: Number.NaN, high: Number.NaN, count: 0 });
});

test('the seed decides, and every column gets the figures it would get alone', () => {
  const values = Array.from({ length: 50 }, (_, index) => Math.sin(index));
  const others = values.map((value) => value ** 2);
  expect(bootstrapInterval({ values, seed: 3 })).toEqual(bootstrapInterval({ values, seed: 3 }));
  expect(bootstrapInterval({ values, seed: 3 })).not.toEqual(bootstrapInterval({ values, seed: 4 }));
  expect(bootstrapFigures({ columns: [others, values], seed: 3 })[1]).toEqual(bootstrapInterval({ values, seed: 3 }));
});

property.prop([fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 20 })])(
  'stays within the values',
  (values) => {
    const { mean, low, high } = bootstrapInterval({ values, bootstrapSamples: 50 });
    expect(low).toBeLessThanOrEqual(high);
    for (const end of [mean, low, high]) {
      expect(end).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
      expect(end).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
    }
  },
);

test('refuses options that make no sense', () => {
  expect(() => bootstrapInterval({ values: [1], bootstrapSamples: 0 })).toThrow('bootstrapSamples');
  expect(() => bootstrapInterval({ values: [1], confidence: 95 })).toThrow('confidence');
  expect(() => bootstrapInterval({ values: [1], clusters: [] })).toThrow('cluster');
  expect(() => bootstrapFigures({ columns: [[1], []] })).toThrow('columns');
});
