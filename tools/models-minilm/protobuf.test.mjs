import { expect, it } from 'vitest';
import { bytes, float, integer } from './protobuf.mjs';

const hex = (chunks) => Buffer.concat(chunks.flat(Number.POSITIVE_INFINITY)).toString('hex');

// The first three are the examples of https://protobuf.dev/programming-guides/encoding/.
it('writes integers, text, messages and float32', () => {
  expect(hex(integer(1, 150))).toBe('089601');
  expect(hex(bytes(2, 'testing'))).toBe('120774657374696e67');
  expect(hex(bytes(3, integer(1, 150)))).toBe('1a03089601');
  expect(hex(float(1, 1))).toBe('0d0000803f');
  // A negative integer is its 64-bit complement: ten bytes.
  expect(hex(integer(1, -1))).toBe('08ffffffffffffffffff01');
  expect(hex(bytes(1, ''))).toBe('0a00');
});

it('counts what nested chunks hold', () => {
  const tensor = [Buffer.alloc(200), [Buffer.alloc(100)]];
  expect(hex(bytes(9, tensor)).slice(0, 6)).toBe('4aac02');
  expect(Buffer.concat(bytes(9, tensor).flat(Number.POSITIVE_INFINITY)).length).toBe(3 + 300);
});
