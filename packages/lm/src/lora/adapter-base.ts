import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { resolveModel } from '../hub/resolve-model.js';
import { fromAdapterConfigJson } from './adapter-config.js';

export const adapterConfigName = 'adapter_config.json';

const weightNames = ['model.safetensors', 'model.safetensors.index.json'];

/** Whether a folder holds adapters alone, and so takes its weights from another. */
export function isAdapterFolder(path: string): boolean {
  return existsSync(join(path, adapterConfigName)) && !weightNames.some((name) => existsSync(join(path, name)));
}

/**
 * Reads the settings of a folder of adapters.
 *
 * @throws ModelError as `fromAdapterConfigJson`, and where there is no such file
 */
export async function readAdapterConfig(directory: string): Promise<ReturnType<typeof fromAdapterConfigJson>> {
  const where = join(directory, adapterConfigName);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(where, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`not a folder of adapters: ${reason}`, { where, cause });
  }
  return fromAdapterConfigJson(json, where);
}

/**
 * The model that a folder of adapters belongs to, by its `base_model_name_or_path`: a path from the folder itself or from the working
 * directory, or a name on the hub, see {@link resolveModel}; `revision` is the branch, tag or commit there.
 *
 * @returns path of a model folder or a `.gguf` file
 * @throws ModelError where none is named, where it is not there, and where it holds adapters too
 */
export async function adapterBase(directory: string): Promise<string> {
  const where = join(directory, adapterConfigName);
  const { baseModel, revision } = await readAdapterConfig(directory);
  if (baseModel === undefined) {
    throw new ModelError('names no base_model_name_or_path; write the folder or the hub name of the base model there', {
      where,
    });
  }
  const local = [resolve(directory, baseModel), baseModel].find((place) => existsSync(place));
  let path: string;
  try {
    path = local ?? (await resolveModel({ model: revision === undefined ? baseModel : `${baseModel}@${revision}` }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`base_model_name_or_path: ${reason}`, { where, cause });
  }
  if (!isAdapterFolder(path)) return path;
  throw new ModelError(
    `base_model_name_or_path is ${JSON.stringify(baseModel)}, which holds adapters too; merge those first`,
    { where },
  );
}

/** Where the tokenizer and the chat template of a model are: beside its weights, or with its base for adapters that come without. */
export async function tokenizerFolder(path: string): Promise<string> {
  const isBare =
    isAdapterFolder(path) && !['tokenizer.json', 'vocab.json'].some((name) => existsSync(join(path, name)));
  return isBare ? adapterBase(path) : path;
}
