import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const small = new Set([
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
  'config.json',
  'generation_config.json',
  'merges.txt',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer.model',
  'tokenizer_config.json',
  'vocab.json',
]);
const single = 'model.safetensors';
const index = 'model.safetensors.index.json';
const shard = /^model-[\w-]+\.safetensors$/;

/**
 * The files of a repository that a model is loaded from, weights last. Formats that can hold code (`.bin`) are none of them, nor are
 * files in folders.
 */
export function neededFiles<File extends { path: string }>(files: readonly File[]): File[] {
  const names = new Set(files.map(({ path }) => path));
  const isWeights = names.has(single)
    ? (path: string) => path === single
    : (path: string) => path === index || shard.test(path);
  return [...files.filter(({ path }) => small.has(path)), ...files.filter(({ path }) => isWeights(path))];
}

/** Whether a folder holds everything: weights come last, so that the rest is there when they are. */
export async function isComplete(directory: string): Promise<boolean> {
  const has = (name: string) => existsSync(join(directory, name));
  if (!has('config.json')) return false;
  if (has(single)) return true;
  try {
    const json: unknown = JSON.parse(await readFile(join(directory, index), 'utf8'));
    const { weight_map: map } = json as { weight_map: Record<string, string> };
    return Object.values(map).every(has);
  } catch {
    return false;
  }
}
