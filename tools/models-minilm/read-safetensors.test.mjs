import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSafetensors } from './read-safetensors.mjs';

let directory;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-safetensors-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function write(header, values) {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const path = join(directory, 'model.safetensors');
  await writeFile(path, Buffer.concat([length, text, Buffer.from(Float32Array.from(values).buffer)]));
  return path;
}

it('reads tensors by name, at any address', async () => {
  const header = {
    __metadata__: { a: 'b' },
    first: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
    second: { dtype: 'F32', shape: [2, 1], data_offsets: [8, 16] },
  };
  const weight = await readSafetensors(await write(header, [1, 2, 3, 4]));
  expect(weight('second')).toEqual({ shape: [2, 1], data: Float32Array.of(3, 4) });
  expect(weight('third')).toBeUndefined();
  expect(weight('toString')).toBeUndefined();
});

it('refuses what is cut or of another type', async () => {
  const cut = { first: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } };
  const weight = await readSafetensors(await write(cut, [1, 2]));
  expect(() => weight('first')).toThrow(/first is cut/);
  const half = await readSafetensors(await write({ first: { dtype: 'F16', shape: [2], data_offsets: [0, 4] } }, [1]));
  expect(() => half('first')).toThrow(/F16, not F32/);
  const path = join(directory, 'short');
  await writeFile(path, Buffer.alloc(4));
  await expect(readSafetensors(path)).rejects.toThrow(/it is cut/);
});
