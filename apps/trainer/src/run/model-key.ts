import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { adapterBase, isAdapterFolder } from '@dgpo/lm';
import { hashFile, hashValue } from './stable-hash.js';

/** Hash of the weights, in one file or in shards, and the configuration of a model folder; for adapters, also of their base. */
export async function modelKey(directory: string): Promise<string> {
  const isAdapter = isAdapterFolder(directory);
  const counts = isAdapter ? /\.safetensors$|^adapter_config\.json$/ : /\.safetensors$|^config\.json$/;
  const names = (await readdir(directory)).filter((name) => counts.test(name)).sort();
  const hashes = await Promise.all(names.map(async (name) => [name, await hashFile(join(directory, name))]));
  return hashValue(isAdapter ? [...hashes, ['base', await modelKey(await adapterBase(directory))]] : hashes);
}
