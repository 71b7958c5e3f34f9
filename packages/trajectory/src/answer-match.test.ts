import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactMatch, normalizeAnswer } from './answer-match.js';

// Expected values computed by hand from the SQuAD script: lower, drop punctuation, drop articles, squeeze white space.
test.each([
  ['The  Beatles', 'beatles'],
  ['a an the', ''],
  ['The The', ''],
  ['U.S.A.', 'usa'],
  ["Lake Titicaca's shore!", 'lake titicacas shore'],
  ['an-other a-b', 'another ab'],
  ['theatre anna bath', 'theatre anna bath'],
  ['\tNew\nYork ', 'new york'],
  ['año', 'año'],
  ['à la carte', 'à la carte'],
  ['İstanbul “x”', 'i̇stanbul “x”'],
  ['snake_case', 'snakecase'],
  ['', ''],
])('normalizeAnswer(%j) is %j', (text, expected) => {
  expect(normalizeAnswer(text)).toBe(expected);
});

test('normalizing twice changes nothing more', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      // Dropping an article can bring none into being, for words stay apart.
      expect(normalizeAnswer(normalizeAnswer(text))).toBe(normalizeAnswer(text));
    }),
  );
});

test('exactMatch looks for one equal golden answer', () => {
  expect(exactMatch('the nuevo sol.', ['Peruvian sol', 'Nuevo Sol'])).toBe(true);
  expect(exactMatch('nuevo', ['Nuevo Sol'])).toBe(false);
  expect(exactMatch('Nuevo Sol and more', ['Nuevo Sol'])).toBe(false);
  expect(exactMatch('x', [])).toBe(false);
  expect(exactMatch(null, ['null', ''])).toBe(false);
  expect(exactMatch('', ['Lima'])).toBe(false);
});
