import { describe, expect, test } from 'vitest';
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './half-precision.js';

const bitsOf = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0] as number;
const ofBits = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer);

const formats = [
  { name: 'F16', encode: encodeFloat16, decode: decodeFloat16, infinity: 0x7c00 },
  { name: 'BF16', encode: encodeBfloat16, decode: decodeBfloat16, infinity: 0x7f80 },
];

describe.each(formats)('$name', ({ encode, decode, infinity }) => {
  const all = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);

  test('every pattern but NaN comes back; NaN stays NaN', () => {
    const values = decode(all);
    const back = encode(values);
    for (const bits of all) {
      const magnitude = bits & 0x7fff;
      if (magnitude > infinity) {
        expect(values[bits]).toBeNaN();
        expect((back[bits] as number) & 0x7fff).toBeGreaterThan(infinity);
      } else if (back[bits] !== bits) expect.fail(`${bits} became ${back[bits]}`);
    }
  });

  test('between neighbours: nearest wins, the middle goes to the even one', () => {
    const values = decode(all);
    for (let low = 0; low + 1 < infinity; low++) {
      const middle = ((values[low] as number) + (values[low + 1] as number)) / 2;
      if (Math.fround(middle) !== middle) continue; // below the smallest float32
      const at = bitsOf(middle);
      const got = [ofBits(at - 1), ofBits(at), ofBits(at + 1)].map((value) => encode(value)[0]);
      const even = low % 2 === 0 ? low : low + 1;
      if (got[0] !== low || got[1] !== even || got[2] !== low + 1) expect.fail(`around ${middle}: ${got}`);
      const negative = [ofBits(at - 1), ofBits(at), ofBits(at + 1)].map((value) => encode(value.map((v) => -v))[0]);
      if (negative.some((bits, i) => bits !== ((got[i] as number) | 0x8000))) expect.fail(`around -${middle}`);
    }
  });
});

test('known patterns', () => {
  const values = Float32Array.of(
    0,
    -0,
    1,
    -2,
    65504,
    65519,
    65520,
    1e9,
    -Infinity,
    2 ** -24,
    2 ** -25,
    2 ** -25 * 1.5,
    0.1,
  );
  expect([...encodeFloat16(values)].map((bits) => bits.toString(16))).toEqual([
    '0',
    '8000',
    '3c00',
    'c000',
    '7bff',
    '7bff',
    '7c00',
    '7c00',
    'fc00',
    '1',
    '0',
    '1',
    '2e66',
  ]);
  expect([...encodeBfloat16(Float32Array.of(0, -0, 1, -2, 0.1, 3.4e38, 3.4028234663852886e38, 2 ** -133))]).toEqual([
    0, 0x8000, 0x3f80, 0xc000, 0x3dcd, 0x7f80, 0x7f80, 1,
  ]);
  expect(encodeFloat16(Float32Array.of(Number.NaN))[0]).toBe(0x7e00);
  expect(encodeBfloat16(Float32Array.of(Number.NaN))[0]).toBe(0x7fc0);
  expect(encodeBfloat16(ofBits(0x7f800001))[0]).toBe(0x7fc0);
});
