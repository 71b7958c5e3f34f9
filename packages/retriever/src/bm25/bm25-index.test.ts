import { createRandom } from '@dgpo/trajectory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { words } from '../words.js';
import { createBm25Index } from './bm25-index.js';
import type { Bm25Settings } from './bm25-settings.js';

/** The formula, passage by passage, without an index. */
function scoreAll(texts: readonly string[], query: string, { k1 = 0.9, b = 0.4, idf = 'lucene' }: Bm25Settings) {
  const tokenized = texts.map(words);
  const average = tokenized.reduce((sum, tokens) => sum + tokens.length, 0) / texts.length;
  return tokenized.map((tokens) => {
    let score = 0;
    for (const word of words(query)) {
      const frequency = tokens.filter((token) => token === word).length;
      if (frequency === 0) continue;
      const holding = tokenized.filter((other) => other.includes(word)).length;
      const odds = (texts.length - holding + 0.5) / (holding + 0.5);
      const weight = idf === 'lucene' ? Math.log(1 + odds) : Math.max(0, Math.log(odds));
      score += (weight * frequency) / (frequency + k1 * (1 - b + (b * tokens.length) / average));
    }
    return score;
  });
}

const index = (texts: readonly string[], settings: Bm25Settings = {}) =>
  createBm25Index({ documents: texts.map((contents) => ({ contents })), ...settings });

describe('createBm25Index', () => {
  it('computes the score by hand for three passages', () => {
    // N = 3, "lima" in one passage: idf = ln(1 + 2.5 / 1.5) = 0.980829; |d| = 3, average = 8 / 3.
    // 0.980829 · 2 / (2 + 0.9 · (0.6 + 0.4 · 3 / (8 / 3))) = 1.961659 / 2.945 = 0.666098
    const matches = index(['Lima, Lima, Peru', 'Quito Ecuador', 'the capital city']).search({
      query: 'lima?',
      topK: 3,
    });
    expect(matches).toHaveLength(1);
    expect(matches[0]?.index).toBe(0);
    expect(matches[0]?.score).toBeCloseTo(0.666098, 6);
  });

  it('equals the formula in float64 for random corpora, queries and settings', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 12 }).map((w) => w.join(' '));
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 12 }),
        text,
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom('lucene' as const, 'robertson' as const),
        (texts, query, k1, b, idf) => {
          const expected = scoreAll(texts, query, { k1, b, idf });
          const matches = index(texts, { k1, b, idf }).search({ query, topK: texts.length });
          expect(matches).toHaveLength(expected.filter((score) => score > 0).length);
          for (const { index: position, score } of matches) expect(score).toBeCloseTo(expected[position] as number, 10);
          const scores = matches.map(({ score }) => score);
          expect(scores).toEqual([...scores].sort((left, right) => right - left));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps corpus order among equal scores, also where topK cuts', () => {
    const bm25 = index(['red fox', 'red fox', 'blue fox', 'red fox', 'red fox']);
    expect(bm25.search({ query: 'red', topK: 3 }).map((match) => match.index)).toEqual([0, 1, 3]);
  });

  it('counts a repeated query word twice and folds case and accents', () => {
    const bm25 = index(['Alû the demon', 'Lilu the spirit']);
    const once = bm25.search({ query: 'ALU', topK: 1 })[0]?.score ?? 0;
    expect(bm25.search({ query: 'alu alû', topK: 1 })[0]?.score).toBeCloseTo(2 * once, 12);
    expect(once).toBeGreaterThan(0);
  });

  it('finds nothing for an empty query or unknown words, and survives empty passages', () => {
    const bm25 = index(['', 'x']);
    expect(bm25.search({ query: '', topK: 5 })).toEqual([]);
    expect(bm25.search({ query: 'constructor __proto__', topK: 5 })).toEqual([]);
    expect(bm25.search({ query: 'x', topK: 5 })).toHaveLength(1);
  });

  it('gives words of more than half of the passages no weight under robertson', () => {
    expect(index(['a b', 'a', 'a c'], { idf: 'robertson' }).search({ query: 'a', topK: 3 })).toEqual([]);
    expect(index(['a b', 'a', 'a c'], { idf: 'lucene' }).search({ query: 'a', topK: 3 })).toHaveLength(3);
  });

  it('refuses settings outside their range', () => {
    expect(() => index(['a'], { k1: -1 })).toThrow(/k1/);
    expect(() => index(['a'], { b: 1.5 })).toThrow(/between 0 and 1/);
    expect(() => index(['a']).search({ query: 'a', topK: 0 })).toThrow(/topK/);
  });

  it('equals the formula on 1,000 passages drawn like text', () => {
    const random = createRandom(7);
    const word = () => `w${Math.floor(3000 * random.next() ** 3)}`;
    const texts = Array.from({ length: 1000 }, () => Array.from({ length: 60 }, word).join(' '));
    const bm25 = index(texts);
    for (let repetition = 0; repetition < 2; repetition++) {
      const query = Array.from({ length: 8 }, word).join(' ');
      const expected = scoreAll(texts, query, {});
      const best = [...expected.keys()].sort(
        (left, right) => (expected[right] as number) - (expected[left] as number) || left - right,
      );
      expect(bm25.search({ query, topK: 10 }).map((match) => match.index)).toEqual(best.slice(0, 10));
    }
  });
});
