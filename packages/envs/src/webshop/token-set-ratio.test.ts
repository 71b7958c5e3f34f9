import { expect, test } from 'vitest';
import { matchingCharacters } from './matching-characters.js';
import { tokenSetRatio } from './token-set-ratio.js';

test('matching blocks: the longest, then left and right of it', () => {
  // "bcd", and nothing beside it.
  expect(matchingCharacters('abcd', 'bcde')).toBe(3);
  // "tide" and "diet": the first longest block is "t" at 0 and 3, and nothing is left of that in both.
  expect(matchingCharacters('tide', 'diet')).toBe(1);
  expect(matchingCharacters('diet', 'tide')).toBe(2);
  expect(matchingCharacters('', 'abc')).toBe(0);
});

test('a character that is frequent in a long second text starts no block', () => {
  const long = 'a'.repeat(300);
  expect(matchingCharacters(long, `b${long}`)).toBe(0);
  expect(matchingCharacters(`b${long}`, `b${long}`)).toBe(301);
});

// What thefuzz 0.19.0 over difflib gives.
test.each([
  ['tea tree', 'tea tree oil', 100],
  ['essential oil', 'essential oils', 96],
  ['gluten free', 'free of gluten', 100],
  ['gluten free', 'glutenfree', 57],
  ['large', 'x-large', 100],
  ['navy blue', 'dark blue', 67],
  ['pack of 12', 'pack of 1', 95],
  ['Größe 40', 'große 40', 92],
  ['café', 'cafe', 86],
  ['machine wash', 'machine washable', 86],
  ['non slip', 'anti slip', 71],
  ['', '', 0],
  ['!!', 'a', 0],
  ['long sleeve', 'short sleeve', 71],
  ['easy to clean', 'easy clean', 100],
  ['16.9 fl oz', '16.9 floz', 95],
  ['color navy blue', 'blue', 100],
  ['natural ingredients', 'natural ingredient', 97],
  ['aab', 'aba', 67],
  ['under_score', 'under score', 45],
] as const)('%j and %j agree by %i', (left, right, expected) => {
  expect(tokenSetRatio(left, right)).toBe(expected);
});
