import type { DecoderConfig } from './decoder-config.js';
import { openModelSource } from './open-model.js';

/**
 * Kind and sizes of a model, without its weights: from `config.json` of a folder (for adapters, that of their base), or the header
 * of a `.gguf` file.
 *
 * @throws ModelError with the file and the field that is missing or not supported
 */
export async function readDecoderConfig(path: string): Promise<DecoderConfig> {
  const model = await openModelSource(path);
  await model.close();
  return model.config;
}
