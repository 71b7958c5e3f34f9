import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createByteTokenizer } from './byte-tokenizer.js';

const tokenizer = createByteTokenizer();

test('bytes are ids, tags are ids above them only when allowed', () => {
  expect(tokenizer.encode('aé')).toEqual([97, 0xc3, 0xa9]);
  expect(tokenizer.encode('<think>a</answer>', { allowSpecial: true })).toEqual([256, 97, 263]);
  expect(tokenizer.encode('<think>')).toEqual([60, 116, 104, 105, 110, 107, 62]);
});

test('any text comes back', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('<search>', '</search>', '<answer', '\uFEFF'),
  );
  fc.assert(
    fc.property(fc.array(piece), fc.boolean(), (pieces, allowSpecial) => {
      const text = pieces.join('');
      expect(tokenizer.decode(tokenizer.encode(text, { allowSpecial }))).toBe(text);
    }),
  );
});
