import { createRandom, ModelError } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type DistributionOptions, sampleToken } from './token-distribution.js';

/**
 * The distribution by its definition, in the order of transformers: temperature, top-k, top-p, min-p, each over what the one before
 * left. `margin` is how far the probabilities that decide stay from the limits: below the precision of the sums, what is kept is open.
 */
function enumerate(logits: Float32Array, { temperature, topK = 0, topP = 1, minP = 0 }: DistributionOptions) {
  const highest = Math.max(...logits);
  let kept = [...logits]
    .map((logit, id) => ({ id, logit, weight: Math.exp((logit - highest) / temperature) }))
    .sort((a, b) => b.logit - a.logit || a.id - b.id)
    .slice(0, topK > 0 ? topK : logits.length);
  const sumOf = (entries: typeof kept) => entries.reduce((sum, { weight }) => sum + weight, 0);
  let margin = Number.POSITIVE_INFINITY;
  if (topP < 1) {
    const total = sumOf(kept);
    let sum = 0;
    let count = 0;
    for (const { weight } of kept) {
      margin = Math.min(margin, Math.abs(sum / total - topP));
      if (count > 0 && sum / total >= topP) break;
      count += 1;
      sum += weight;
    }
    kept = kept.slice(0, count);
  }
  for (const { weight } of kept) if (minP > 0 && weight < 1) margin = Math.min(margin, Math.abs(weight - minP));
  kept = kept.filter(({ weight }) => weight >= Math.min(1, minP));
  const probabilities = new Array<number>(logits.length).fill(0);
  const total = sumOf(kept);
  for (const { id, weight } of kept) probabilities[id] = weight / total;
  return { probabilities, margin };
}

const logits = Float32Array.of(0.3, -1.2, 2.1, 0.3, -4, 1.4);

describe('sampleToken', () => {
  test.each([
    { temperature: 1 },
    { temperature: 0.5 },
    { temperature: 2.5 },
    { temperature: 1, topK: 3 },
    { temperature: 1, topP: 0.8 },
    { temperature: 0.7, topK: 4, topP: 0.9 },
    { temperature: 1, minP: 0.3 },
    { temperature: 2, topK: 4, topP: 0.75 },
    { temperature: 1.5, topK: 5, topP: 0.95, minP: 0.2 },
  ])('draws from the enumerated distribution with %j', (options) => {
    const expected = enumerate(logits, options).probabilities;
    const random = createRandom(5).split(JSON.stringify(options));
    const draws = 20_000;
    const counts = new Array<number>(logits.length).fill(0);
    for (let draw = 0; draw < draws; draw++) {
      const { id, logProb } = sampleToken(logits, { ...options, random });
      counts[id] = (counts[id] as number) + 1;
      expect(Math.abs(Math.exp(logProb) - (expected[id] as number))).toBeLessThan(1e-6);
    }
    // Pearson's statistic; 25.7 is the 0.9999 quantile of χ² with 5 degrees of freedom.
    let statistic = 0;
    expected.forEach((probability, id) => {
      if (probability === 0) expect(counts[id]).toBe(0);
      else statistic += ((counts[id] as number) - draws * probability) ** 2 / (draws * probability);
    });
    expect(statistic).toBeLessThan(25.7);
  });

  test('temperature 0 takes the first of the most probable, with its unprocessed log-probability', () => {
    const drawn = sampleToken(Float32Array.of(1, 3, 3, -2), { temperature: 0, topK: 1, random: createRandom(0) });
    const total = Math.exp(1) + 2 * Math.exp(3) + Math.exp(-2);
    expect(drawn.id).toBe(1);
    expect(drawn.logProb).toBeCloseTo(3 - Math.log(total), 12);
  });

  test('top-k of 1 and a tiny top-p leave one token with probability 1', () => {
    for (const options of [{ topK: 1 }, { topP: 1e-9 }, { topP: 0 }, { minP: 1 }, { minP: 7 }]) {
      expect(sampleToken(logits, { temperature: 1, random: createRandom(1), ...options })).toEqual({
        id: 2,
        logProb: 0,
      });
    }
  });

  test('ties at the border of top-k are kept by id', () => {
    const tied = Float32Array.of(0, 0, 0, 0);
    const random = createRandom(2);
    const seen = new Set(Array.from({ length: 100 }, () => sampleToken(tied, { temperature: 1, topK: 2, random }).id));
    expect([...seen].sort()).toEqual([0, 1]);
  });

  test('excluded tokens (minus infinity) are never drawn', () => {
    const masked = Float32Array.of(Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY, 0);
    const random = createRandom(3);
    for (let draw = 0; draw < 200; draw++) {
      const { id, logProb } = sampleToken(masked, { temperature: 1, random });
      expect(id % 2).toBe(1);
      expect(logProb).toBeCloseTo(-Math.LN2, 12);
    }
  });

  test.each([0, 1])('logits that are not numbers are an error at temperature %d', (temperature) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => sampleToken(Float32Array.of(1, bad, 0), { temperature, random: createRandom(0) })).toThrow(
        ModelError,
      );
    }
  });

  property.prop([
    // Eighths: ties are exact, and what is no tie differs by more than rounding.
    fc.array(fc.integer({ min: -400, max: 400 }), { minLength: 1, maxLength: 12 }),
    fc.double({ min: Math.fround(0.2), max: 3, noNaN: true }),
    fc.integer({ min: 0, max: 13 }),
    fc.double({ min: 0.01, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.integer(),
  ])('the log-probability is that of the processed distribution', (eighths, temperature, topK, topP, minP, seed) => {
    const row = Float32Array.from(eighths, (value) => value / 8);
    const { probabilities, margin } = enumerate(row, { temperature, topK, topP, minP });
    fc.pre(margin > 1e-6);
    const { id, logProb } = sampleToken(row, { temperature, topK, topP, minP, random: createRandom(seed) });
    const expected = probabilities[id] as number;
    expect(expected).toBeGreaterThan(0);
    expect(Math.abs(logProb - Math.log(expected))).toBeLessThan(1e-6);
  });
});
