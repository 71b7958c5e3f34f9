import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { loadTokenizer } from '../tokenizer/tokenizer-file.js';
import { readModelTensors } from '../weights/read-model-tensors.js';
import { createCheckpointCollector } from './checkpoint-tensors.js';
import { fromConfigJson } from './model-config-file.js';
import type { ModelSource } from './open-model.js';

async function readConfig(directory: string): Promise<ReturnType<typeof fromConfigJson>> {
  const path = join(directory, 'config.json');
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`not a model folder: ${reason}`, { where: path, cause });
  }
  return fromConfigJson(json, path);
}

/** Opens a folder in the layout of Hugging Face: one file of weights or shards. */
export async function openModelFolder(directory: string): Promise<ModelSource> {
  const config = await readConfig(directory);
  return {
    config,
    loadTokenizer: () => loadTokenizer(directory),
    read: async (options) => {
      const collector = createCheckpointCollector({ config, ...options });
      collector.finish(await readModelTensors({ directory, onTensor: collector.collect }));
    },
    close: async () => undefined,
  };
}
