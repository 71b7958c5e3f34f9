import { expect, it } from 'vitest';
import { flatHeader, flatValuesOf } from './flat-safetensors.js';

const shapes = new Map<string, readonly number[]>([
  ['z', [2, 3]],
  ['a', [4]],
]);
const values = Float32Array.from({ length: 10 }, (_, index) => index - 0.5);
const file = Buffer.concat([flatHeader(shapes), Buffer.from(values.buffer)]);

it('is safetensors: a length, a header whose offsets follow each other, the values', () => {
  const length = Number(file.readBigUInt64LE());
  expect((8 + length) % 8).toBe(0);
  expect(JSON.parse(file.subarray(8, 8 + length).toString())).toEqual({
    z: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
    a: { dtype: 'F32', shape: [4], data_offsets: [24, 40] },
  });
});

it('gives the values back, wherever the bytes lie', () => {
  expect(flatValuesOf(file, shapes)).toEqual(values);
  const shifted = Buffer.concat([Buffer.alloc(1), file]).subarray(1);
  expect(flatValuesOf(shifted, shapes)).toEqual(values);
});

it('refuses other tensors and other lengths', () => {
  expect(() => flatValuesOf(file, new Map([['z', [10]]]))).toThrow(/not those of this model/);
  expect(() => flatValuesOf(file.subarray(0, -4), shapes)).toThrow(/not those of this model/);
  expect(() => flatValuesOf(Buffer.alloc(4), shapes)).toThrow(/not those of this model/);
});
