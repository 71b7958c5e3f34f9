import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileBeside } from '../weights/write-file-beside.js';
import { writeSafetensors } from '../weights/write-safetensors.js';
import { toCheckpointTensors } from './checkpoint-tensors.js';
import type { DecoderConfig } from './decoder-config.js';
import { toConfigJson } from './model-config-file.js';

/**
 * Writes what a model folder holds beside the tokenizer.
 *
 * @throws ModelError for a vector of another size or a file that cannot be written
 */
export async function writeModelFiles(options: {
  directory: string;
  config: DecoderConfig;
  parameters: Float32Array;
  tokens: { endOfTextId: number; padId: number };
  dtype: 'F32' | 'F16' | 'BF16';
  metadata?: Record<string, string>;
}): Promise<void> {
  const { directory, config, parameters, tokens, dtype, metadata = {} } = options;
  const tensors = toCheckpointTensors({ config, parameters });
  await mkdir(directory, { recursive: true });
  const json = `${JSON.stringify(toConfigJson(config, tokens), null, 2)}\n`;
  await writeFileBeside(join(directory, 'config.json'), (file) => file.writeFile(json));
  await writeSafetensors({
    path: join(directory, 'model.safetensors'),
    tensors,
    dtype,
    metadata: { format: 'pt', ...metadata },
  });
}
