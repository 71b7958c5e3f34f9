import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { bootstrapInterval } from './bootstrap-interval.js';
import { mcnemar } from './mcnemar.js';
import { pairedBootstrap } from './paired-bootstrap.js';
import { permutationTest } from './permutation-test.js';
import { quantile } from './quantile.js';

interface Interval {
  confidence: number;
  low: number;
  high: number;
  standardError: number;
}

/** Made by `tools/parity/arc_statistics.py`. */
interface Reference {
  resamples: number;
  bootstrap: { name: string; values: number[]; mean: number; intervals: Interval[] }[];
  paired: {
    name: string;
    baseline: number[];
    candidate: number[];
    interval: Interval;
    meanDifference: number;
    pValue: number;
  }[];
  mcnemar: { baselineOnly: number; candidateOnly: number; pValue: number }[];
  quantiles: { values: number[]; probability: number; quantile: number }[];
}

const fixture = new URL('./__fixtures__/scipy.json', import.meta.url);
const reference = JSON.parse(await readFile(fixture, 'utf8')) as Reference;

const bootstrapSamples = 20_000;

/**
 * Both ends are quantiles of random resamples. Near the normal distribution, the 2.5 % quantile of 20,000 varies by
 * sqrt(0.025 · 0.975 / 20000) / 0.0584 = 0.019 standard errors of the mean, scipy's of 200,000 by 0.006: 0.1 is five of both together.
 * Means of whole numbers lie on a lattice, where either side may be one step further.
 */
function tolerance(values: readonly number[], { standardError }: Interval): number {
  const step = values.every(Number.isInteger) ? 1 / values.length : 0;
  return 0.1 * standardError + step + 1e-12;
}

describe('percentile bootstrap against scipy.stats.bootstrap', () => {
  test.each(reference.bootstrap)('$name', ({ values, mean, intervals }) => {
    for (const interval of intervals) {
      const figure = bootstrapInterval({ values, bootstrapSamples, confidence: interval.confidence });
      expect(figure.count).toBe(values.length);
      expect(Math.abs(figure.mean - mean)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(mean)));
      expect(Math.abs(figure.low - interval.low)).toBeLessThanOrEqual(tolerance(values, interval));
      expect(Math.abs(figure.high - interval.high)).toBeLessThanOrEqual(tolerance(values, interval));
    }
  });

  test.each(reference.paired)('paired: $name', ({ baseline, candidate, interval, meanDifference }) => {
    const figure = pairedBootstrap({ baseline, candidate, bootstrapSamples });
    const differences = candidate.map((value, index) => 2 * (value - (baseline[index] ?? 0)));
    expect(figure.mean).toBeCloseTo(meanDifference, 12);
    expect(Math.abs(figure.low - interval.low)).toBeLessThanOrEqual(tolerance(differences, interval));
    expect(Math.abs(figure.high - interval.high)).toBeLessThanOrEqual(tolerance(differences, interval));
  });
});

test.each(reference.paired)('permutation test against scipy.stats.permutation_test: $name', (pair) => {
  const { baseline, candidate, meanDifference, pValue } = pair;
  const ours = permutationTest({ baseline, candidate, permutations: 20_000 });
  expect(ours.meanDifference).toBeCloseTo(meanDifference, 12);
  expect(ours.exact).toBe(baseline.length <= 16);
  // Sampled: four standard deviations of the two estimates, and the 1 that both add to hits and draws.
  const sampled = 4 * Math.sqrt(pValue * (1 - pValue) * (1 / 20_000 + 1 / reference.resamples)) + 1 / 20_000;
  expect(Math.abs(ours.pValue - pValue)).toBeLessThanOrEqual(ours.exact ? 1e-12 : sampled);
});

test.each(reference.mcnemar)('McNemar against scipy.stats.binomtest: $baselineOnly and $candidateOnly', (expected) => {
  const { baselineOnly, candidateOnly, pValue } = expected;
  const ours = mcnemar({
    baseline: Array.from({ length: baselineOnly + candidateOnly }, (_, index) => index < baselineOnly),
    candidate: Array.from({ length: baselineOnly + candidateOnly }, (_, index) => index >= baselineOnly),
  });
  expect(ours).toMatchObject({ baselineOnly, candidateOnly });
  expect(Math.abs(ours.pValue - pValue)).toBeLessThanOrEqual(1e-9 * pValue);
});

test('quantiles against numpy.quantile', () => {
  for (const { values, probability, quantile: expected } of reference.quantiles) {
    expect(quantile(values, probability)).toBeCloseTo(expected, 12);
  }
});
