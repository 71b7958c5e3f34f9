import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelError } from '@dgpo/trajectory';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { array, type HandmadeGguf, handmadeGguf, text, u32, u64 } from './__fixtures__/handmade-gguf.js';
import { readGgufHeader } from './gguf-header.js';

let directory: string;
let count = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-gguf-header-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function save(bytes: Uint8Array): Promise<string> {
  const path = join(directory, `${count++}.gguf`);
  await writeFile(path, bytes);
  return path;
}

const readBytes = async (bytes: Uint8Array) => readGgufHeader(await save(bytes));
const read = (file: HandmadeGguf) => readBytes(handmadeGguf(file));

/** A small file with something of everything; its last tensor ends with the file. */
const sound = handmadeGguf({
  metadata: [
    ['general.alignment', 4, u32(16)],
    ['flag', 7, Buffer.of(1)],
    ['words', 9, array(8, [text('a'), text('é')])],
    ['nested', 9, array(9, [array(0, [Buffer.of(1, 2)], 2), array(10, [u64(3)])])],
  ],
  tensors: [
    { name: 'second', dimensions: [32], type: 8, offset: 32 },
    { name: 'first', dimensions: [2, 3], type: 0, offset: 0 },
  ],
  alignment: 16,
  data: Buffer.alloc(32 + 34),
});

test('metadata of every type, as the Python package gguf writes it', async () => {
  const path = fileURLToPath(new URL('./__fixtures__/metadata.gguf', import.meta.url));
  const { version, alignment, metadata, tensors } = await readGgufHeader(path);
  expect({ version, alignment, tensors: tensors.size }).toEqual({ version: 3, alignment: 64, tensors: 0 });
  expect(Object.fromEntries(metadata)).toEqual({
    'general.architecture': 'test',
    'general.alignment': 64,
    'a.uint8': 255,
    'a.int8': -128,
    'a.uint16': 65535,
    'a.int16': -32768,
    'a.uint32': 4294967295,
    'a.int32': -2147483648,
    'a.float32': Math.fround(0.1),
    'a.uint64': 18446744073709551615n,
    'a.int64': Number.MIN_SAFE_INTEGER,
    'a.float64': 0.1,
    'a.true': true,
    'a.false': false,
    'a.string': '\ufeffα → 😀\n',
    'a.integers': [1, -2, 3],
    'a.floats': [0.5, -0.25],
    'a.booleans': [true, false],
    'a.strings': ['', 'Ġthe', '\ufeff'],
  });
});

test('nested arrays, another alignment, shapes the other way round, tensors in the order of their bytes', async () => {
  const { alignment, metadata, tensors } = await readBytes(sound);
  expect(alignment).toBe(16);
  expect(Object.fromEntries(metadata)).toEqual({
    'general.alignment': 16,
    flag: true,
    words: ['a', 'é'],
    nested: [[1, 2], [3]],
  });
  const start = sound.length - 66;
  expect([...tensors]).toEqual([
    ['first', { shape: [3, 2], type: 'F32', begin: start, end: start + 24 }],
    ['second', { shape: [32], type: 'Q8_0', begin: start + 32, end: start + 66 }],
  ]);
});

test('integers of 64 bits are numbers up to 2^53 - 1', async () => {
  const { metadata } = await read({
    metadata: [
      ['last', 10, u64(2n ** 53n - 1n)],
      ['beyond', 10, u64(2n ** 53n)],
      ['least', 11, u64(2n ** 64n - 2n ** 53n + 1n)],
      ['below', 11, u64(2n ** 63n)],
    ],
  });
  expect(Object.fromEntries(metadata)).toEqual({
    last: Number.MAX_SAFE_INTEGER,
    beyond: 2n ** 53n,
    least: Number.MIN_SAFE_INTEGER,
    below: -(2n ** 63n),
  });
});

test('version 2, no entries at all, scalars, empty tensors, holes and names of the prototype', async () => {
  const empty = await read({ version: 2 });
  expect(empty).toEqual({ version: 2, alignment: 32, metadata: new Map(), tensors: new Map() });
  const { metadata, tensors } = await read({
    metadata: [['__proto__', 0, Buffer.of(7)]],
    tensors: [
      { name: 'constructor', dimensions: [], type: 0, offset: 0 },
      { name: 'empty', dimensions: [0, 5], type: 0, offset: 64 },
      { name: '__proto__', dimensions: [1], type: 24, offset: 64 },
    ],
    data: Buffer.alloc(100),
  });
  expect(metadata.get('__proto__')).toBe(7);
  expect([...tensors].map(([name, { shape, begin, end }]) => [name, shape, end - begin])).toEqual([
    ['constructor', [], 4],
    ['empty', [5, 0], 0],
    ['__proto__', [1], 1],
  ]);
});

test('a vocabulary of 200 000 tokens with scores, over several pieces of the file', async () => {
  const tokens = Array.from({ length: 200_000 }, (_, id) => `token ${id}`);
  const scores = Buffer.from(Float32Array.from(tokens, (_, id) => -id).buffer);
  const { metadata } = await read({
    metadata: [
      ['tokens', 9, array(8, tokens.map(text))],
      ['scores', 9, array(6, [scores], tokens.length)],
    ],
  });
  expect(metadata.get('tokens')).toEqual(tokens);
  expect(metadata.get('scores')).toEqual(tokens.map((_, id) => -id));
});

const tensor = { name: 'a', dimensions: [8] as (number | bigint)[], type: 0, offset: 0 as number | bigint };
const deep = (levels: number): Buffer => array(9, levels === 0 ? [] : [deep(levels - 1)]);

describe('a hostile file is refused by name', () => {
  const data = Buffer.alloc(64);
  const cases: [name: string, reason: RegExp, bytes: Uint8Array | HandmadeGguf][] = [
    ['empty', /ends at byte 0, 4 bytes are expected at 0/, Buffer.alloc(0)],
    ['another format', /no GGUF file: .* 7b226d65/, Buffer.from('{"metadata":{}}')],
    ['version 1', /version 1 cannot be read/, { version: 1 }],
    ['version 4', /version 4 cannot be read/, { version: 4 }],
    ['version 0', /version 0 cannot be read/, { version: 0 }],
    ['big-endian', /big-endian; convert/, { version: 0x03000000 }],
    ['2^64 - 1 tensors', /number of tensors: a count of 18446744073709551615/, { tensorCount: 2n ** 64n - 1n }],
    ['2^40 tensors', /number of tensors: 1099511627776 do not fit/, { tensorCount: 2n ** 40n }],
    ['2^40 metadata entries', /number of metadata entries: 1099511627776 do not/, { metadataCount: 2n ** 40n }],
    ['an unknown value type', /metadata "k": unknown value type 13/, { metadata: [['k', 13, u64(0)]] }],
    ['an array of unknown type', /"k": unknown value type 99/, { metadata: [['k', 9, array(99, [])]] }],
    ['a boolean of 2', /metadata "k": a boolean is the byte 2/, { metadata: [['k', 7, Buffer.of(2)]] }],
    ['a boolean of 2 in an array', /a boolean is the byte 2/, { metadata: [['k', 9, array(7, [Buffer.of(2)])]] }],
    ['a key of 2^16 bytes', /key 1 of 1 .* length of 65536/, { metadata: [['k'.repeat(65536), 0, Buffer.of(0)]] }],
    ['a key that is no UTF-8', /key 1 of 1 .* no UTF-8/, { metadata: [[Buffer.of(0xff), 0, Buffer.of(0)]] }],
    ['text that is no UTF-8', /metadata "k": .* no UTF-8/, { metadata: [['k', 8, text(Buffer.of(0xc0, 0x80))]] }],
    ['a string of 2^63 bytes', /"k": a string length of 9223372036854775808/, { metadata: [['k', 8, u64(2n ** 63n)]] }],
    ['a string of 33 MB', /length of 34603008 is more than the 33554432/, { metadata: [['k', 8, u64(33 << 20)]] }],
    ['a string past the end', /truncated: .* 1000 bytes are expected/, { metadata: [['k', 8, u64(1000)]] }],
    ['an array of 2^60', /an array length of 1152921504606846976/, { metadata: [['k', 9, array(0, [], 2n ** 60n)]] }],
    ['an array of 2^22 + 1', /more than the 4194304/, { metadata: [['k', 9, array(0, [], 2 ** 22 + 1)]] }],
    ['an array past the end', /claims 4194304 elements/, { metadata: [['k', 9, array(0, [], 2 ** 22)]] }],
    ['strings past the end', /1000 elements of at least 8/, { metadata: [['k', 9, array(8, [], 1000)]] }],
    ['arrays past the end', /1000 elements of at least 12/, { metadata: [['k', 9, array(9, [], 1000)]] }],
    ['arrays 9 deep', /nested more than 8 deep/, { metadata: [['k', 9, deep(8)]] }],
    [
      'a key twice',
      /"k": the key is in the file twice/,
      { metadata: [1, 2].map((n) => ['k', 0, Buffer.of(n)] as const) },
    ],
    ['an alignment of 0', /alignment is "0"; .* power of two/, { metadata: [['general.alignment', 4, u32(0)]] }],
    ['an alignment of 24', /alignment is "24"/, { metadata: [['general.alignment', 4, u32(24)]] }],
    ['an alignment of 2^32', /alignment is "4294967296"/, { metadata: [['general.alignment', 10, u64(2 ** 32)]] }],
    ['an alignment as text', /alignment is "32"/, { metadata: [['general.alignment', 8, text('32')]] }],
    ['a tensor twice', /tensor "a": the name is in the file twice/, { tensors: [tensor, tensor], data }],
    ['5 dimensions', /"a": has 5 dimensions/, { tensors: [{ ...tensor, dimensions: [1, 1, 1, 1, 1] }], data }],
    [
      'a dimension of 2^63',
      /a dimension of 9223372036854775808/,
      { tensors: [{ ...tensor, dimensions: [2n ** 63n] }] },
    ],
    ['a huge product', /is too large/, { tensors: [{ ...tensor, dimensions: [2 ** 40, 2 ** 40] }], data }],
    ['an unknown tensor type', /"a": has the unknown type 4/, { tensors: [{ ...tensor, type: 4 }], data }],
    [
      'rows of part of a block',
      /rows of 16 are no whole blocks of 32/,
      { tensors: [{ ...tensor, dimensions: [16, 2], type: 8 }], data },
    ],
    [
      'an offset off the alignment',
      /"a" has the offset 8, no multiple .* 32/,
      { tensors: [{ ...tensor, offset: 8 }], data },
    ],
    ['an offset of 2^63', /an offset of 9223372036854775808/, { tensors: [{ ...tensor, offset: 2n ** 63n }], data }],
    ['an offset past the file', /truncated: .* tensor "a" is at/, { tensors: [{ ...tensor, offset: 2 ** 40 }], data }],
    [
      'data past the file',
      /truncated: .* tensor "a" is at 64 to 320/,
      { tensors: [{ ...tensor, dimensions: [64] }], data },
    ],
    [
      'overlap',
      /tensor "b" overlaps another/,
      {
        tensors: [
          { ...tensor, dimensions: [9] },
          { ...tensor, name: 'b', offset: 32 },
        ],
        data,
      },
    ],
    ['the same bytes twice', /tensor "[ab]" overlaps/, { tensors: [tensor, { ...tensor, name: 'b' }], data }],
    [
      'a very long name',
      /tensor "a{100}…": has the unknown/,
      { tensors: [{ ...tensor, name: 'a'.repeat(60000), type: 4 }] },
    ],
  ];
  test.each(cases)('%s', async (_, reason, file) => {
    const path = await save(file instanceof Uint8Array ? file : handmadeGguf(file));
    const error: unknown = await readGgufHeader(path).then(
      () => 'was accepted',
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(ModelError);
    expect(String(error)).toMatch(reason);
    expect(String(error)).toContain(path);
  });

  test('a folder, a missing file, a header of more than 64 MiB', async () => {
    await expect(readGgufHeader(directory)).rejects.toThrow(/EISDIR|regular file/);
    await expect(readGgufHeader(join(directory, 'missing'))).rejects.toThrow(/ENOENT/);
    const half = text(Buffer.alloc(32 << 20, 'x'));
    await expect(
      read({ metadata: [0, 1].map((n) => [`k${n}`, 8, half] as const), data: Buffer.alloc(64) }),
    ).rejects.toThrow(/metadata "k1": the header is longer than 67108864 bytes/);
  });
});

test('cut off at any byte, it is a ModelError', async () => {
  for (let length = 0; length < sound.length; length++) {
    const error: unknown = await readBytes(sound.subarray(0, length)).then(
      () => `${length} bytes were accepted`,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(ModelError);
    expect(String(error)).toMatch(/truncated|do not fit|more than the file holds/);
  }
});

test('with any bytes changed, it is read or is a ModelError, and what is read lies in the file', async () => {
  const change = fc.record({ at: fc.nat(sound.length - 67), byte: fc.integer({ min: 0, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const bytes = Buffer.from(sound);
      for (const { at, byte } of changes) bytes[at] = byte;
      const header = await readBytes(bytes).catch((cause: unknown) => cause);
      if (header instanceof ModelError) return;
      if (header instanceof Error) throw header;
      for (const { begin, end } of (header as Awaited<ReturnType<typeof readGgufHeader>>).tensors.values()) {
        expect(begin).toBeLessThanOrEqual(end);
        expect(end).toBeLessThanOrEqual(bytes.length);
      }
    }),
    { numRuns: 500 },
  );
});

test('random metadata comes back as it was written', async () => {
  const entry = fc.oneof(
    fc.string({ unit: 'binary' }).map((value) => ({ type: 8, bytes: text(value), value })),
    fc.boolean().map((value) => ({ type: 7, bytes: Buffer.of(Number(value)), value })),
    fc.array(fc.string({ unit: 'binary' })).map((value) => ({ type: 9, bytes: array(8, value.map(text)), value })),
    fc.array(fc.nat()).map((value) => ({ type: 9, bytes: array(4, value.map(u32)), value })),
  );
  const key = fc.string({ unit: 'binary' }).filter((name) => name !== 'general.alignment');
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.tuple(key, entry), { selector: ([name]) => name }), async (entries) => {
      const { metadata } = await read({ metadata: entries.map(([name, { type, bytes }]) => [name, type, bytes]) });
      expect([...metadata]).toEqual(entries.map(([name, { value }]) => [name, value]));
    }),
  );
});
