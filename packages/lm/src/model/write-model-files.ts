import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileBeside } from '../weights/write-file-beside.js';
import { writeSafetensors } from '../weights/write-safetensors.js';
import { toCheckpointTensors } from './checkpoint-tensors.js';
import type { DecoderConfig } from './decoder-config.js';
import { type ModelCard, modelCard } from './model-card.js';
import { generationConfigJson, toConfigJson } from './model-config-file.js';
import type { SpecialIds } from './special-ids.js';

/**
 * Writes what a model folder holds beside the tokenizer.
 *
 * @throws ModelError for a vector of another size or a file that cannot be written
 */
export async function writeModelFiles(options: {
  directory: string;
  config: DecoderConfig;
  parameters: Float32Array;
  tokens: SpecialIds;
  dtype: 'F32' | 'F16' | 'BF16';
  metadata?: Record<string, string>;
  card?: ModelCard;
}): Promise<void> {
  const { directory, config, parameters, tokens, dtype, metadata = {}, card = {} } = options;
  const tensors = toCheckpointTensors({ config, parameters });
  await mkdir(directory, { recursive: true });
  const json = (content: object) => `${JSON.stringify(content, null, 2)}\n`;
  const texts = {
    'config.json': json(toConfigJson(config, { tokens, dtype })),
    'generation_config.json': json(generationConfigJson(config.modelType, tokens)),
    'README.md': modelCard({ config, dtype, card }),
  };
  for (const [name, text] of Object.entries(texts)) {
    await writeFileBeside(join(directory, name), (file) => file.writeFile(text));
  }
  await writeSafetensors({
    path: join(directory, 'model.safetensors'),
    tensors,
    dtype,
    metadata: { format: 'pt', ...metadata },
  });
}
