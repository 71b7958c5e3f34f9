import { expect, test } from 'vitest';
import { alphabetToBytes, bytesToAlphabet } from './byte-alphabet.js';

test('spells bytes as GPT-2 does', () => {
  expect(bytesToAlphabet(new TextEncoder().encode(' a\n'))).toBe('ĠaĊ');
  expect(bytesToAlphabet(Uint8Array.of(0, 0x7f, 0xa0, 0xad, 0xff))).toBe('ĀġłŃÿ');
});

test('is a bijection on all bytes', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const text = bytesToAlphabet(bytes);
  expect(new Set(text).size).toBe(256);
  expect(alphabetToBytes(text)).toEqual(bytes);
  expect(alphabetToBytes('a b')).toBeUndefined();
});
