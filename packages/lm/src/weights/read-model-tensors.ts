import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { eachSafetensor } from './read-safetensors.js';
import type { SafetensorsHeader } from './safetensors-header.js';
import type { StoredTensor } from './stored-tensor.js';

export interface ModelTensorsOptions {
  /** Folder with `model.safetensors`, or with shards and `model.safetensors.index.json`. */
  directory: string;
  /** Receives the tensors one after the other. */
  onTensor: (tensor: StoredTensor) => Promise<void>;
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

/** What the index and a shard say must agree. */
function checkShard({ tensors }: SafetensorsHeader, named: readonly string[]): void {
  const missing = named.find((name) => !tensors.has(name));
  if (missing !== undefined) {
    throw new ModelError(`has no tensor ${JSON.stringify(missing)}, which ${index} places here`);
  }
  const listed = new Set(named);
  const extra = [...tensors.keys()].find((name) => !listed.has(name));
  if (extra !== undefined) {
    throw new ModelError(`holds tensor ${JSON.stringify(extra)}, which ${index} does not place here`);
  }
}

function checkPresent(directory: string, files: readonly string[], what: string): void {
  const missing = files.filter((file) => !existsSync(join(directory, file)));
  if (missing.length === 0) return;
  throw new ModelError(`${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing; ${what}`, {
    where: directory,
  });
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
  if (shards === undefined) {
    checkPresent(
      directory,
      [single],
      'the weights have to be in safetensors files, not in .bin ones; convert or download them',
    );
    await eachSafetensor({ path: join(directory, single), onTensor });
    return join(directory, single);
  }
  const files = [...shards].sort(([a], [b]) => (a < b ? -1 : 1));
  checkPresent(
    directory,
    files.map(([file]) => file),
    `${index} names ${files.length} files; download the model again`,
  );
  for (const [file, named] of files) {
    await eachSafetensor({
      path: join(directory, file),
      check: (header) => checkShard(header, named),
      onTensor,
    });
  }
  return join(directory, index);
}
