import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { loadTokenizer, saveTokenizer } from '../tokenizer/tokenizer-file.js';
import { readModelTensors } from '../weights/read-model-tensors.js';
import { writeFileBeside } from '../weights/write-file-beside.js';
import { writeSafetensors } from '../weights/write-safetensors.js';
import { createParameterCollector, toCheckpointTensors } from './checkpoint-tensors.js';
import type { DecoderConfig } from './decoder-config.js';
import { fromConfigJson, toConfigJson } from './model-config-file.js';

/** A model at rest: what a folder of weights holds. */
export interface ModelWeights {
  config: DecoderConfig;
  /** All parameters as one vector, in the order of `parameterShapes`. */
  parameters: Float32Array;
  tokenizer: Tokenizer;
}

/**
 * Writes a folder in the layout of Hugging Face (`config.json`, `model.safetensors`, `tokenizer.json`, `tokenizer_config.json`),
 * which `transformers` loads as the class of its architecture.
 *
 * @throws ModelError for a vector of another size or a file that cannot be written
 */
export async function saveModel(
  options: ModelWeights & {
    directory: string;
    /** @default 'F32' */
    dtype?: 'F32' | 'F16' | 'BF16';
    /** Strings for the header of the safetensors file. */
    metadata?: Record<string, string>;
  },
): Promise<void> {
  const { directory, config, parameters, tokenizer, dtype = 'F32', metadata = {} } = options;
  const tensors = toCheckpointTensors({ config, parameters });
  await mkdir(directory, { recursive: true });
  const json = `${JSON.stringify(toConfigJson(config, tokenizer), null, 2)}\n`;
  await writeFileBeside(join(directory, 'config.json'), (file) => file.writeFile(json));
  await saveTokenizer(tokenizer, directory);
  await writeSafetensors({
    path: join(directory, 'model.safetensors'),
    tensors,
    dtype,
    metadata: { format: 'pt', ...metadata },
  });
}

/**
 * Reads a folder written by {@link saveModel} or by Hugging Face for a model of a known architecture, in one file or in shards.
 *
 * @throws ModelError with the file and the field that is wrong
 */
export async function loadModel(options: { directory: string }): Promise<ModelWeights> {
  const { directory } = options;
  const path = join(directory, 'config.json');
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`not a model folder: ${reason}`, { where: path, cause });
  }
  const config = fromConfigJson(json, path);
  const tokenizer = await loadTokenizer(directory);
  if (tokenizer.vocabularySize > config.vocabularySize) {
    throw new ModelError(
      `the tokenizer has ${tokenizer.vocabularySize} tokens, the model only ${config.vocabularySize}; they do not belong together`,
      { where: directory },
    );
  }
  const collector = createParameterCollector({ config });
  // One tensor at a time: beside the parameters only one is held.
  const source = await readModelTensors({ directory, onTensor: collector.add });
  return { config, parameters: collector.finish(source), tokenizer };
}
