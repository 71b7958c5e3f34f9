import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readModelTensors } from './read-model-tensors.js';
import { writeSafetensors } from './write-safetensors.js';

let root: string;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-shards-'));
});
afterAll(() => rm(root, { recursive: true }));

const tensor = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });

/** A folder with these shards, and an index made of them unless another is given. */
async function folder(shards: Record<string, Record<string, ReturnType<typeof tensor>>>, index?: unknown) {
  const directory = join(root, `${count++}`);
  await mkdir(directory);
  const map: Record<string, string> = {};
  for (const [file, tensors] of Object.entries(shards)) {
    await writeSafetensors({ path: join(directory, file), tensors: new Map(Object.entries(tensors)) });
    for (const name of Object.keys(tensors)) map[name] = file;
  }
  const json = index === undefined ? JSON.stringify({ weight_map: map }) : index;
  if (json !== null) await writeFile(join(directory, 'model.safetensors.index.json'), `${json}`);
  return directory;
}

async function read(directory: string): Promise<Record<string, number[]>> {
  const tensors: Record<string, number[]> = {};
  await readModelTensors({
    directory,
    onTensor: async ({ name, shape, read: readValues }) => {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      await readValues((piece, start) => values.set(piece, start));
      tensors[name] = [...values];
    },
  });
  return tensors;
}

const first = 'model-00001-of-00002.safetensors';
const second = 'model-00002-of-00002.safetensors';
const shards = { [second]: { c: tensor(4) }, [first]: { b: tensor(1, 2), a: tensor(3) } };

test('shards are read one after the other, a single file without an index', async () => {
  const tensors = await read(await folder(shards));
  expect(tensors).toEqual({ a: [3], b: [1, 2], c: [4] });
  expect(Object.keys(tensors)).toEqual(['a', 'b', 'c']);
  expect(await read(await folder({ 'model.safetensors': { a: tensor(5) } }, null))).toEqual({ a: [5] });
});

test('the single file wins over an index beside it', async () => {
  expect(
    await read(await folder({ 'model.safetensors': { a: tensor(5) } }, '{"weight_map":{"a":"x.safetensors"}}')),
  ).toEqual({ a: [5] });
});

test.each([
  ['nonsense', 'is no JSON'],
  ['{"weight_map":[]}', 'has no "weight_map"'],
  ['{"weight_map":{"a":"../other.safetensors"}}', 'is no file of this folder'],
  ['{"weight_map":{"a":7}}', 'is no file of this folder'],
  [`{"weight_map":{"a":"${first}","b":"${first}","d":"${first}"}}`, 'has no tensor "d"'],
  [`{"weight_map":{"a":"${first}"}}`, 'holds tensor "b"'],
  ['{"weight_map":{"a":"model-00003-of-00003.safetensors"}}', 'model-00003-of-00003.safetensors'],
])('an index of %j is refused', async (index, message) => {
  await expect(read(await folder(shards, index))).rejects.toThrow(message);
});

test('a folder without weights says which file is missing', async () => {
  await expect(read(await folder({}, null))).rejects.toThrow('model.safetensors');
});
