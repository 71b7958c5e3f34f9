import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile, hashValue } from './stable-hash.js';

/** Hash of the weights, in one file or in shards, and the configuration of a model folder. */
export async function modelKey(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => /\.safetensors$|^config\.json$/.test(name)).sort();
  return hashValue(await Promise.all(names.map(async (name) => [name, await hashFile(join(directory, name))])));
}
