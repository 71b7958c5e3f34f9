import { ConfigError } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { normalizeHint } from './check-hint.js';
import { createHintStore, hintsOfCategory } from './hint-store.js';
import { levenshteinSimilarity, ratcliffObershelp } from './similarity.js';

const record = (category: string | null, ...hints: string[]) => ({ category, hints });

describe('createHintStore', () => {
  test('counts inside a category, the most frequent first, and drops what is said already', () => {
    const store = createHintStore({
      records: [
        record('heat', 'Open the {container} first.', 'Take the {object} first.'),
        record('heat', 'take the  {object} FIRST. ', 'Take the {object} at first.'),
        record('cool', 'Open the {container} first.'),
        record('heat'),
        record(null, 'Open the {container} first.'),
      ],
    });
    expect(store).toEqual({
      version: 1,
      categories: [
        { name: 'cool', hints: [{ text: 'Open the {container} first.', mentions: 1 }], totalMentions: 1, removed: 0 },
        {
          name: 'heat',
          hints: [
            { text: 'Take the {object} first.', mentions: 2 },
            { text: 'Open the {container} first.', mentions: 1 },
          ],
          totalMentions: 4,
          removed: 1,
        },
      ],
    });
    expect(hintsOfCategory(store, 'cool')).toEqual(['Open the {container} first.']);
    expect(hintsOfCategory(store, 'clean')).toEqual([]);
    expect(hintsOfCategory(store, null)).toEqual([]);
  });

  test('reference: counts by the exact text, then leaves out the other spellings', () => {
    const records = [record('a', 'Go on.'), record('a', 'go on.'), record('a', 'Stay.'), record('a', 'Stay.')];
    expect(createHintStore({ records, compat: 'reference' }).categories[0]).toEqual({
      name: 'a',
      hints: [
        { text: 'Stay.', mentions: 2 },
        { text: 'Go on.', mentions: 1 },
      ],
      totalMentions: 4,
      removed: 1,
    });
    expect(createHintStore({ records }).categories[0]?.hints[0]).toEqual({ text: 'Go on.', mentions: 2 });
  });

  test('the two similarities differ, and the threshold itself is not above it', () => {
    const records = [record('a', 'abcdefghij', 'jabcdefghi')];
    // Ratcliff and Obershelp: 9 of 10 in common; Levenshtein: 2 edits.
    expect(createHintStore({ records }).categories[0]?.hints).toHaveLength(1);
    expect(createHintStore({ records, similarity: 'levenshtein' }).categories[0]?.hints).toHaveLength(2);
    expect(createHintStore({ records, threshold: 0.9 }).categories[0]?.hints).toHaveLength(2);
    expect(createHintStore({ records, threshold: 0.89 }).categories[0]?.hints).toHaveLength(1);
  });

  test('no records, no hints', () => {
    expect(createHintStore({ records: [] })).toEqual({ version: 1, categories: [] });
    expect(createHintStore({ records: [record('a', '', '  ')] }).categories[0]?.hints).toEqual([]);
  });

  test.each([
    ['similarity', { similarity: 'constructor' as 'levenshtein' }],
    ['threshold', { threshold: 1.5 }],
    ['threshold', { threshold: Number.NaN }],
  ])('%s is checked', (where, options) => {
    expect(() => createHintStore({ records: [], ...options })).toThrow(ConfigError);
    expect(() => createHintStore({ records: [], ...options })).toThrow(where);
  });

  const hint = fc
    .array(fc.constantFrom('open', 'Open', 'the', '{object}', 'take', '🛒', 'é'), { maxLength: 6 })
    .map((words) => words.join(' '));
  property.prop([
    fc.array(
      fc.record({ category: fc.constantFrom('a', 'b', '__proto__', null), hints: fc.array(hint, { maxLength: 4 }) }),
      { maxLength: 12 },
    ),
    fc.constantFrom('ratcliff-obershelp' as const, 'levenshtein' as const),
  ])(
    'hints that are kept differ, nothing is lost without one that says it, and a store of a store is the same',
    (records, similarity) => {
      const compare = similarity === 'levenshtein' ? levenshteinSimilarity : ratcliffObershelp;
      const store = createHintStore({ records, similarity });
      for (const { name, hints, totalMentions, removed } of store.categories) {
        const given = records
          .filter(({ category }) => category === name)
          .flatMap((one) => one.hints)
          .filter((text) => text.trim() !== '');
        expect(totalMentions).toBe(given.length);
        expect(hints.length + removed).toBe(new Set(given.map(normalizeHint)).size);
        expect(hints.map(({ mentions }) => mentions)).toEqual(
          hints.map(({ mentions }) => mentions).sort((one, other) => other - one),
        );
        const kept = hints.map(({ text }) => normalizeHint(text));
        for (const [index, text] of kept.entries()) {
          expect(kept.slice(0, index).every((other) => compare(text, other) <= 0.85)).toBe(true);
        }
        for (const text of given.map(normalizeHint)) {
          expect(kept.some((other) => text === other || compare(text, other) > 0.85)).toBe(true);
        }
      }
      const again = store.categories.flatMap(({ name, hints }) =>
        hints.flatMap(({ text, mentions }) => Array.from({ length: mentions }, () => record(name, text))),
      );
      const second = createHintStore({ records: again, similarity });
      expect(second.categories.map(({ hints }) => hints)).toEqual(
        store.categories.filter(({ hints }) => hints.length > 0).map(({ hints }) => hints),
      );
    },
  );
});
