import { readFileSync } from 'node:fs';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { levenshteinSimilarity, ratcliffObershelp } from './similarity.js';

// Made by tools/parity/hint_similarity.py.
const fixture = new URL('./__fixtures__/difflib-ratios.json', import.meta.url);
const cases = JSON.parse(readFileSync(fixture, 'utf8')) as [string, string, number][];

test('Ratcliff and Obershelp as Python computes it, to the last bit', () => {
  expect(cases.length).toBeGreaterThan(200);
  for (const [text, other, ratio] of cases) expect(ratcliffObershelp(text, other), `${text} | ${other}`).toBe(ratio);
});

describe('Levenshtein', () => {
  test.each([
    ['kitten', 'sitting', 1 - 3 / 7],
    ['', '', 1],
    ['', 'abc', 0],
    ['🛒', '🛒🛒', 0.5],
    ['open it', 'open it', 1],
  ])('%j and %j', (text, other, expected) => {
    expect(levenshteinSimilarity(text, other)).toBeCloseTo(expected, 12);
    expect(levenshteinSimilarity(other, text)).toBeCloseTo(expected, 12);
  });
});

describe.each([
  ['ratcliff-obershelp', ratcliffObershelp],
  ['levenshtein', levenshteinSimilarity],
])('%s', (_, similarity) => {
  property.prop([fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 })])(
    'is from 0 to 1, and 1 for equal texts alone',
    (text, other) => {
      const value = similarity(text, other);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
      expect(value === 1).toBe(text === other);
      expect(similarity(text, text)).toBe(1);
    },
  );
});
