import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { readSafetensorsBytes, safetensorsBytes } from './safetensors-bytes.js';

test.prop([
  fc.array(
    fc.tuple(
      fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
      fc.float32Array(),
    ),
    {
      maxLength: 4,
    },
  ),
])('gives back every bit', (tensors) => {
  const named = tensors.map(([name, values], index) => [`${name}/${index}`, values] as const);
  const pieces = safetensorsBytes({
    shapes: named.map(([name, values]) => [name, [values.length]] as const),
    vectors: named.map(([, values]) => values),
    metadata: { step: '7' },
  });
  const { values, metadata } = readSafetensorsBytes(Buffer.concat(pieces), 'a file');
  const bits = (parts: readonly Float32Array[]) =>
    parts.flatMap((part) => [...new Uint8Array(part.buffer, part.byteOffset, part.byteLength)]);
  expect(bits([values])).toEqual(bits(named.map(([, part]) => part)));
  expect(metadata).toEqual({ step: '7' });
});

it('refuses shapes that do not fit, and what is no such file', () => {
  const vectors = [Float32Array.of(1, 2)];
  expect(() => safetensorsBytes({ shapes: [['a', [3]]], vectors })).toThrow(/the tensors hold 3 values, the vectors 2/);
  const whole = Buffer.concat(safetensorsBytes({ shapes: [['a', [2]]], vectors }));
  for (const bytes of [new Uint8Array(3), whole.subarray(0, 12), whole.subarray(0, -1), new Uint8Array(32).fill(255)]) {
    expect(() => readSafetensorsBytes(bytes, 'a file')).toThrow(/a file: is no safetensors file of float32/);
  }
  whole[8] = 0;
  expect(() => readSafetensorsBytes(whole, 'a file')).toThrow(/a file: the header .* is no JSON/);
});
