import type { DecoderConfig } from './decoder-config.js';
import { openGgufModel } from './gguf/open-gguf-model.js';
import { openModelFolder } from './open-model-folder.js';

/**
 * Kind and sizes of a model, without its weights: from `config.json` of a folder, or the header of a `.gguf` file.
 *
 * @throws ModelError with the file and the field that is missing or not supported
 */
export async function readDecoderConfig(path: string): Promise<DecoderConfig> {
  const model = path.endsWith('.gguf') ? await openGgufModel(path) : await openModelFolder(path);
  await model.close();
  return model.config;
}
