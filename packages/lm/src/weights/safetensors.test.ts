import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSafetensors } from './read-safetensors.js';
import { readSafetensorsHeader } from './safetensors-header.js';
import { writeSafetensors } from './write-safetensors.js';

let directory: string;
let count = 0;
const freshPath = () => join(directory, `${count++}.safetensors`);
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-safetensors-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** A file of this header and as many data bytes; the claimed header length can be made a lie. */
async function handmade(header: string | Uint8Array, dataBytes: number | Uint8Array = 0, claimed?: bigint) {
  const path = freshPath();
  const content = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(content.length));
  await writeFile(
    path,
    Buffer.concat([length, content, typeof dataBytes === 'number' ? Buffer.alloc(dataBytes) : dataBytes]),
  );
  return path;
}

const f32 = (begin: number, end: number, shape: unknown = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('golden bytes, written by the Python package safetensors 0.8.0', () => {
  const tensors = new Map([
    ['é', { shape: [0, 3], data: new Float32Array() }],
    ['b', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
    ['a.weight', { shape: [1], data: Float32Array.of(-0.5) }],
  ]);
  const golden = Buffer.concat([
    Buffer.from('d000000000000000', 'hex'),
    Buffer.from(
      '{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' +
        '"b":{"dtype":"F32","shape":[2,2],"data_offsets":[4,20]},"é":{"dtype":"F32","shape":[0,3],"data_offsets":[20,20]}}  ',
    ),
    Buffer.from('000000bf0000803f000000400000404000008040', 'hex'),
  ]);

  test('F32 with metadata, an empty tensor and another order of insertion', async () => {
    const path = freshPath();
    await writeSafetensors({ path, tensors, metadata: { format: 'pt' } });
    expect(await readFile(path)).toEqual(golden);
    const read = await readSafetensors({ path });
    expect([...read.keys()]).toEqual(['a.weight', 'b', 'é']);
    expect(read.get('b')).toEqual({ shape: [2, 2], dtype: 'F32', data: Float32Array.of(1, 2, 3, 4) });
    const header = await readSafetensorsHeader({ path });
    expect({ ...header.metadata }).toEqual({ format: 'pt' });
    expect(header.tensors.get('b')).toEqual({ dtype: 'F32', shape: [2, 2], begin: 220, end: 236 });
  });

  test('F16 with a scalar', async () => {
    const path = freshPath();
    const values = {
      s: { shape: [], data: Float32Array.of(0.1) },
      w: { shape: [3], data: Float32Array.of(1, -2, 65504) },
    };
    await writeSafetensors({ path, tensors: new Map(Object.entries(values)), dtype: 'F16' });
    const bytes = await readFile(path);
    expect(bytes.subarray(0, 8).toString('hex')).toBe('7000000000000000');
    expect(bytes.subarray(8, 8 + 0x70).toString()).toBe(
      '{"s":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"w":{"dtype":"F16","shape":[3],"data_offsets":[2,8]}}      ',
    );
    expect(bytes.subarray(8 + 0x70).toString('hex')).toBe('662e003c00c0ff7b');
    expect((await readSafetensors({ path })).get('w')?.data).toEqual(Float32Array.of(1, -2, 65504));
  });
});

test.each(['F32', 'F16', 'BF16'] as const)('any names, shapes and values of %s round-trip', async (dtype) => {
  const value = fc.constantFrom(0, -0, 1, -1.5, 0.25, 2 ** -14, 96, Number.NaN, Number.POSITIVE_INFINITY);
  const tensor = fc.array(fc.nat(4), { maxLength: 3 }).chain((shape) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return fc
      .array(value, { minLength: length, maxLength: length })
      .map((data) => ({ shape, data: Float32Array.from(data) }));
  });
  const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', '0', 'a"\\\n'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, tensor), { maxLength: 5 }),
      fc.dictionary(name, name),
      async (list, metadata) => {
        const path = join(directory, 'round-trip.safetensors');
        const tensors = new Map(list);
        await writeSafetensors({ path, tensors, dtype, metadata });
        const read = await readSafetensors({ path });
        expect(read.size).toBe(tensors.size);
        for (const [key, { shape, data }] of tensors) expect(read.get(key)).toEqual({ shape, dtype, data });
        const header = await readSafetensorsHeader({ path });
        expect(Object.entries(header.metadata).sort()).toEqual(Object.entries(metadata).sort());
        for (const { begin } of header.tensors.values()) expect(begin % 2).toBe(0);
      },
    ),
    { numRuns: 50 },
  );
});

test('more values than one chunk', async () => {
  const path = freshPath();
  const data = Float32Array.from({ length: (1 << 20) + 5 }, (_, i) => i % 2048);
  for (const dtype of ['F32', 'F16'] as const) {
    await writeSafetensors({ path, tensors: new Map([['x', { shape: [data.length], data }]]), dtype });
    const read = (await readSafetensors({ path })).get('x')?.data ?? new Float32Array();
    expect(Buffer.compare(Buffer.from(read.buffer), Buffer.from(data.buffer))).toBe(0);
  }
});

test('only the named tensors are read, so others may be of any type', async () => {
  const header = { a: f32(0, 4), b: { dtype: 'I64', shape: [1], data_offsets: [4, 12] } };
  const path = await handmade(JSON.stringify(header), 12);
  expect([...(await readSafetensors({ path, names: ['a'] })).keys()]).toEqual(['a']);
  await expect(readSafetensors({ path })).rejects.toThrow(/"b": dtype I64 cannot be read/);
  await expect(readSafetensors({ path, names: ['c'] })).rejects.toThrow(/has no tensor "c"/);
});

test('I32 becomes float32 where that is exact', async () => {
  const header = JSON.stringify({ a: { dtype: 'I32', shape: [2], data_offsets: [0, 8] } });
  const bytes = (...values: number[]) => new Uint8Array(Int32Array.from(values).buffer);
  const exact = await handmade(header, bytes(-(2 ** 24), 7));
  expect((await readSafetensors({ path: exact })).get('a')?.data).toEqual(Float32Array.of(-(2 ** 24), 7));
  const inexact = await handmade(header, bytes(1, 2 ** 24 + 1));
  await expect(readSafetensors({ path: inexact })).rejects.toThrow(/16777217 has no exact float32/);
});

describe('a hostile file is refused by name', () => {
  const cases: [name: string, reason: RegExp, path: () => Promise<string>][] = [
    ['empty', /too short/, () => handmade('').then((path) => writeFile(path, '').then(() => path))],
    ['a header of 2^64 - 1 bytes', /claims 18446744073709551615/, () => handmade('{}', 0, 2n ** 64n - 1n)],
    ['a header of 26 MB', /more than 25000000/, () => handmade('{}', 0, 26_000_000n)],
    ['a header past the end', /claims 3 bytes, the file has 2/, () => handmade('{}', 0, 3n)],
    ['an empty header', /does not begin/, () => handmade('', 4)],
    ['no JSON', /no JSON/, () => handmade('{not json}')],
    ['an array', /does not begin with/, () => handmade('[1]')],
    ['leading spaces', /does not begin with/, () => handmade('  {}')],
    ['no UTF-8', /no UTF-8/, () => handmade(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))],
    ['deep nesting', /no object|no JSON/, () => handmade(`{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`)],
    ['an entry that is null', /"a" is no object/, () => handmade('{"a":null}')],
    [
      'an unknown dtype',
      /unknown dtype "F99"/,
      () => handmade(JSON.stringify({ a: { ...f32(0, 4), dtype: 'F99' } }), 4),
    ],
    [
      'a dtype from the prototype',
      /unknown dtype "toString"/,
      () => handmade(JSON.stringify({ a: { ...f32(0, 4), dtype: 'toString' } }), 4),
    ],
    ['no shape', /no valid shape/, () => handmade(JSON.stringify({ a: { dtype: 'F32', data_offsets: [0, 4] } }), 4)],
    ['a negative size', /no valid shape/, () => handmade(JSON.stringify({ a: f32(0, 4, [-1, -1]) }), 4)],
    ['a fraction', /no valid shape/, () => handmade(JSON.stringify({ a: f32(0, 4, [0.5, 2]) }), 4)],
    [
      'a huge product',
      /needs .* bytes/,
      () => handmade(JSON.stringify({ a: f32(0, 4, [2 ** 50, 2 ** 50, 2 ** 50]) }), 4),
    ],
    [
      'a size that disagrees',
      /needs 8 bytes as F32 \[2\], its data_offsets hold 4/,
      () => handmade(JSON.stringify({ a: f32(0, 4, [2]) }), 4),
    ],
    ['a negative offset', /data_offsets/, () => handmade(JSON.stringify({ a: f32(-4, 0) }), 4)],
    ['offsets the wrong way', /data_offsets/, () => handmade(JSON.stringify({ a: f32(4, 0, []) }), 4)],
    ['one offset', /data_offsets/, () => handmade(JSON.stringify({ a: { ...f32(0, 4), data_offsets: [4] } }), 4)],
    [
      'an offset that is text',
      /data_offsets/,
      () => handmade(JSON.stringify({ a: { ...f32(0, 4), data_offsets: ['0', '4'] } }), 4),
    ],
    ['overlap', /"b" overlaps/, () => handmade(JSON.stringify({ a: f32(0, 8), b: f32(4, 12) }), 12)],
    ['the same bytes twice', /"b" overlaps/, () => handmade(JSON.stringify({ a: f32(0, 4), b: f32(0, 4) }), 4)],
    [
      'a hole',
      /hole of 4 bytes before tensor "b"/,
      () => handmade(JSON.stringify({ a: f32(0, 4), b: f32(8, 12) }), 12),
    ],
    ['a hole at the start', /hole of 4 bytes/, () => handmade(JSON.stringify({ a: f32(4, 8) }), 8)],
    ['bytes at the end', /4 bytes after the last/, () => handmade(JSON.stringify({ a: f32(0, 4) }), 8)],
    ['truncated data', /ends 2 bytes past the file/, () => handmade(JSON.stringify({ a: f32(0, 4) }), 2)],
    [
      'a name twice',
      /"a" twice/,
      () => handmade(`{"a":${JSON.stringify(f32(0, 4))},"\\u0061":${JSON.stringify(f32(0, 4))}}`, 4),
    ],
    [
      'a field twice',
      /"dtype" twice/,
      () => handmade('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
    ],
    ['metadata that is no text', /__metadata__ "k" is no text/, () => handmade('{"__metadata__":{"k":1}}')],
    ['metadata that is an array', /__metadata__ is no object/, () => handmade('{"__metadata__":[]}')],
    ['a folder', /EISDIR|regular file/, async () => directory],
    ['a missing file', /ENOENT/, async () => join(directory, 'missing')],
  ];
  test.each(cases)('%s', async (_, reason, make) => {
    const path = await make();
    for (const read of [readSafetensorsHeader, readSafetensors]) {
      const error: unknown = await read({ path }).then(
        () => 'was accepted',
        (cause: unknown) => cause,
      );
      expect(error).toBeInstanceOf(ModelError);
      expect(String(error)).toMatch(reason);
      expect(String(error)).toContain(path);
    }
  });

  test('names of the prototype are names like any other', async () => {
    const entry = (begin: number) => JSON.stringify(f32(begin, begin + 4));
    const text = `{"__metadata__":{"__proto__":"x"},"__proto__":${entry(0)},"constructor":${entry(4)}}`;
    const path = await handmade(text, 8);
    const read = await readSafetensors({ path });
    expect([...read.keys()]).toEqual(['__proto__', 'constructor']);
    const { metadata } = await readSafetensorsHeader({ path });
    expect(Object.entries(metadata)).toEqual([['__proto__', 'x']]);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  test('any bytes are either read or refused with a ModelError', async () => {
    const good = await handmade(JSON.stringify({ a: f32(0, 8), b: f32(8, 12) }), 12);
    const bytes = await readFile(good);
    const path = freshPath();
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), async (at, value, length) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = value;
        await writeFile(path, damaged.subarray(0, length < bytes.length / 2 ? length : bytes.length));
        const result: unknown = await readSafetensors({ path }).catch((cause: unknown) => cause);
        expect(result instanceof Map || result instanceof ModelError).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('what cannot be written is an error and leaves the older file alone', () => {
  const cases = [
    ['a shape that does not fit', /has 3 values/, { shape: [2], data: Float32Array.of(1, 2, 3) }, 'a'],
    ['a negative size', /bad shape/, { shape: [-1, -3], data: Float32Array.of(1, 2, 3) }, 'a'],
    ['the reserved name', /reserved name/, { shape: [1], data: Float32Array.of(1) }, '__metadata__'],
    [
      'a value beyond half precision',
      /tensor "a": 70000 is too large for F16/,
      { shape: [1], data: Float32Array.of(7e4) },
      'a',
    ],
  ] as const;
  test.each(cases)('%s', async (_, reason, tensor, name) => {
    const folder = await mkdtemp(join(directory, 'write-'));
    const path = join(folder, 'model.safetensors');
    await writeFile(path, 'older');
    const attempt = writeSafetensors({ path, tensors: new Map([[name, tensor]]), dtype: 'F16' });
    const error: unknown = await attempt.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ModelError);
    expect(String(error)).toMatch(reason);
    expect(String(error)).toContain(path);
    expect(await readFile(path, 'utf8')).toBe('older');
    expect(await readdir(folder)).toEqual(['model.safetensors']);
  });

  test('a folder in the way', async () => {
    await expect(writeSafetensors({ path: directory, tensors: new Map() })).rejects.toThrow(ModelError);
    expect(
      (await readdir(join(directory, '..'))).filter((name) => name.startsWith(`${directory.split('/').at(-1)}.`)),
    ).toEqual([]);
  });
});
