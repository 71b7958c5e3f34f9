import { expect, test } from 'vitest';
import { createSectionSplitter, parseAddedTokens } from './added-tokens.js';

test('cuts at added tokens: the longest of one place, white space where it belongs to them, whole words', () => {
  // Ids and texts of the Rust library (tokenizers 0.23.3) for these flags.
  const split = createSectionSplitter(
    parseAddedTokens([
      { id: 0, content: '<a' },
      { id: 1, content: '<a>' },
      { id: 2, content: '<left>', lstrip: true },
      { id: 3, content: '<right>', rstrip: true },
      { id: 4, content: 'word', single_word: true },
      { id: 5, content: '$1.*' },
    ]),
  );
  expect(split('x<a>y<a')).toEqual(['x', 1, 'y', 0, '']);
  expect(split('x \n<left> y')).toEqual(['x', 2, ' y']);
  expect(split('x <right> \n y')).toEqual(['x ', 3, 'y']);
  expect(split('<right> <left>')).toEqual(['', 3, '', 2, '']);
  expect(split('words word, sword word_ word')).toEqual(['words ', 4, ', sword word_ ', 4, '']);
  expect(split('$1.*')).toEqual(['', 5, '']);
  expect(createSectionSplitter([])('<a>')).toEqual(['<a>']);
});

test('a list that is damaged is refused', () => {
  expect(() => parseAddedTokens([{ id: 0 }])).toThrow(/added_tokens\[0\]\.content/);
  expect(() => parseAddedTokens([{ id: -1, content: 'a' }])).toThrow(/added_tokens\[0\]\.id/);
  expect(() => parseAddedTokens({})).toThrow(/added_tokens is no array/);
});
