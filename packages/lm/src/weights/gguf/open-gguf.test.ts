import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelError } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeFloat16 } from '../half-precision.js';
import { handmadeGguf } from './__fixtures__/handmade-gguf.js';
import { dequantizeQ4_K } from './dequantize-q4-k.js';
import { dequantizeQ8_0 } from './dequantize-q8-0.js';
import { openGguf } from './open-gguf.js';

/** Written and decoded by the Python package gguf 0.19; see `tools/parity`. */
const fixture = (name: string) => fileURLToPath(new URL(`./__fixtures__/${name}`, import.meta.url));

let directory: string;
let count = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-gguf-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function save(bytes: Uint8Array): Promise<string> {
  const path = join(directory, `${count++}.gguf`);
  await writeFile(path, bytes);
  return path;
}

describe.each(['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_1', 'Q4_K', 'Q6_K'])('%s', (type) => {
  test('every value has the bits that the Python package gets', async () => {
    const expected = new Uint32Array(new Uint8Array(await readFile(fixture(`${type}.f32`))).buffer);
    const asNumbers = new Float32Array(expected.buffer);
    const file = await openGguf(fixture(`${type}.gguf`));
    let start = 0;
    for (const name of [...file.tensors.keys()].sort()) {
      const info = file.tensors.get(name);
      const values = await file.readTensor(name);
      expect(info?.type).toBe(type);
      expect(values.length).toBe(info?.shape.reduce((product, size) => product * size, 1));
      const bits = new Uint32Array(values.buffer);
      for (const [i, got] of bits.entries()) {
        const at = start + i;
        // A binary16 NaN may become any NaN.
        if (type === 'F16' && Number.isNaN(values[i]) && Number.isNaN(asNumbers[at])) continue;
        if (got !== expected[at]) expect.fail(`${name}[${i}] is ${values[i]}, expected ${asNumbers[at]}`);
      }
      start += values.length;
    }
    expect(start).toBe(expected.length);
    await file.close();
  });
});

test('Q4_K by hand', () => {
  const block = new Uint8Array(144);
  block.set([0x00, 0x3c, 0x00, 0x40]); // d = 1, e = 2
  block[4 + 1] = 0b10_000011; // s of group 1: 3; high bits of s of group 5: 2
  block[8 + 1] = 0b01_000101; // m of group 1: 5; high bits of m of group 5: 1
  block[12 + 1] = 0x76; // low bits of s of group 5: 6, of m: 7
  block[16] = 0x90; // q of the first value of group 1: 9
  block[16 + 64 + 31] = 0xf0; // q of the last value of group 5: 15
  const values = new Float32Array(256);
  dequantizeQ4_K(block, values);
  expect(values[32]).toBe(1 * 3 * 9 - 2 * 5);
  expect(values[33]).toBe(1 * 3 * 0 - 2 * 5);
  expect(values[32 * 6 - 1]).toBe(1 * 0b100110 * 15 - 2 * 0b010111);
  expect(values[0]).toBe(0);
});

test('tensors longer than a chunk, of uneven length', async () => {
  const elements = 2 ** 21 + 96;
  const blocks = Uint8Array.from({ length: (elements / 32) * 34 }, (_, i) => (i % 34 === 1 ? 0x2c : (i * 37) % 251));
  const halves = Uint16Array.from({ length: 2 ** 20 + 7 }, (_, i) => (i * 5) % 0x7c00);
  const offset = Math.ceil(blocks.length / 32) * 32;
  const path = await save(
    handmadeGguf({
      tensors: [
        { name: 'Q8_0', dimensions: [elements], type: 8, offset: 0 },
        { name: 'F16', dimensions: [halves.length], type: 1, offset },
      ],
      data: Buffer.concat([blocks, Buffer.alloc(offset - blocks.length), Buffer.from(halves.buffer)]),
    }),
  );
  const expected = new Float32Array(elements);
  dequantizeQ8_0(blocks, expected);
  const file = await openGguf(path);
  const [quantized, half] = await Promise.all([file.readTensor('Q8_0'), file.readTensor('F16')]);
  expect(Buffer.compare(Buffer.from(quantized.buffer), Buffer.from(expected.buffer))).toBe(0);
  expect(Buffer.compare(Buffer.from(half.buffer), Buffer.from(decodeFloat16(halves).buffer))).toBe(0);
  await file.close();
});

describe('errors name the file and the tensor', () => {
  const small = handmadeGguf({
    tensors: [
      { name: 'weight', dimensions: [32], type: 0, offset: 0 },
      { name: 'old', dimensions: [32], type: 6, offset: 128 },
    ],
    data: Buffer.alloc(150),
  });

  async function failure(path: string, promise: Promise<unknown>, name: string): Promise<string> {
    const error: unknown = await promise.then(
      () => 'was accepted',
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(ModelError);
    expect(String(error)).toContain(`${path}: tensor "${name}": `);
    return String(error);
  }

  test('a type that cannot be decoded; the others can be read', async () => {
    const path = await save(small);
    const file = await openGguf(path);
    expect(await failure(path, file.readTensor('old'), 'old')).toMatch(
      /type Q5_0 cannot be read, only F32, F16, .*Q6_K/,
    );
    expect(await file.readTensor('weight')).toEqual(new Float32Array(32));
    await file.close();
  });

  test('no such tensor, a file cut off since, a closed file', async () => {
    const path = await save(small);
    const file = await openGguf(path);
    expect(await failure(path, file.readTensor('toString'), 'toString')).toMatch(/no such tensor/);
    await truncate(path, small.length - 60);
    expect(await failure(path, file.readTensor('weight'), 'weight')).toMatch(/the file ends at byte/);
    await file.close();
    await file.close();
    expect(await failure(path, file.readTensor('weight'), 'weight')).toMatch(/the file is closed/);
  });

  test('a file that cannot be opened', async () => {
    const missing = join(directory, 'missing.gguf');
    await expect(openGguf(missing)).rejects.toThrow(`${missing}: ENOENT`);
    const broken = await save(small.subarray(0, 100));
    await expect(openGguf(broken)).rejects.toThrow(ModelError);
    await expect(openGguf(broken)).rejects.toThrow(`${broken}: `);
  });
});
