import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { readSafetensors, type SafetensorsTensor } from './read-safetensors.js';
import { readSafetensorsHeader } from './safetensors-header.js';

export interface ModelTensorsOptions {
  /** Folder with `model.safetensors`, or with shards and `model.safetensors.index.json`. */
  directory: string;
  /** Receives the tensors one at a time with the path of their file, so that only one need be held. */
  onTensor: (name: string, tensor: SafetensorsTensor, path: string) => void | Promise<void>;
}

const single = 'model.safetensors';
const index = 'model.safetensors.index.json';
/** Indexes of the largest models are a few megabytes. */
const maximumIndexBytes = 50_000_000;
/** A file of the folder itself: no separator and no step upwards. */
const shardName = /^[\w.-]+\.safetensors$/;

async function readIndex(directory: string): Promise<Map<string, string[]> | undefined> {
  const where = join(directory, index);
  let text: string;
  try {
    text = await readFile(where, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ModelError(cause instanceof Error ? cause.message : String(cause), { where, cause });
  }
  if (text.length > maximumIndexBytes) throw new ModelError(`is larger than ${maximumIndexBytes} bytes`, { where });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError('is no JSON', { where, cause });
  }
  const map: unknown = typeof json === 'object' && json !== null ? (json as { weight_map?: unknown }).weight_map : null;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new ModelError('has no "weight_map" from tensors to files', { where });
  }
  const shards = new Map<string, string[]>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== 'string' || !shardName.test(shard)) {
      throw new ModelError(`tensor ${JSON.stringify(name)}: ${JSON.stringify(shard)} is no file of this folder`, {
        where,
      });
    }
    shards.set(shard, [...(shards.get(shard) ?? []), name]);
  }
  return shards;
}

/**
 * Reads all tensors of a model folder in Hugging Face's layout, in one file or in shards. What the index and the shards say must agree.
 *
 * @returns path of the file that says which tensors there are: the single file or the index
 * @throws ModelError naming the file: a shard that is missing, a tensor that its shard does not hold, one that the index does not name;
 *   see `readSafetensors` for what is checked inside
 */
export async function readModelTensors({ directory, onTensor }: ModelTensorsOptions): Promise<string> {
  // As transformers does: the one file counts where it exists, an index beside it or not.
  const shards = existsSync(join(directory, single)) ? undefined : await readIndex(directory);
  const files = shards === undefined ? [single] : [...shards.keys()].sort();
  for (const file of files) {
    const path = join(directory, file);
    const { tensors } = await readSafetensorsHeader({ path });
    const named = shards?.get(file);
    if (named !== undefined) {
      const missing = named.find((name) => !tensors.has(name));
      if (missing !== undefined) {
        throw new ModelError(`has no tensor ${JSON.stringify(missing)}, which ${index} places here`, { where: path });
      }
      const listed = new Set(named);
      const extra = [...tensors.keys()].find((name) => !listed.has(name));
      if (extra !== undefined) {
        throw new ModelError(`holds tensor ${JSON.stringify(extra)}, which ${index} does not place here`, {
          where: path,
        });
      }
    }
    for (const name of tensors.keys()) {
      const read = await readSafetensors({ path, names: [name] });
      await onTensor(name, read.get(name) as SafetensorsTensor, path);
    }
  }
  return join(directory, shards === undefined ? single : index);
}
