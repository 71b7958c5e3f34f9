import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '../../weights/read-safetensors.js';
import { fromCheckpointTensors } from './from-checkpoint-tensors.js';
import { createDecoder, type Decoder } from '../decoder.js';
import { setParameters } from '../flat-parameters.js';
import { fromConfigJson } from '../model-config-file.js';

const root = fileURLToPath(new URL('./architectures', import.meta.url));

/** One folder for each architecture, made and computed by transformers in float64; see `tools/parity/architectures.py`. */
export const architectureCases = readdirSync(root);

export function readCaseJson(name: string, file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(root, name, file), 'utf8')) as Record<string, unknown>;
}

export const readCaseTensors = (name: string, file: string) => readSafetensors({ path: join(root, name, file) });

export async function readCase(name: string) {
  const config = fromConfigJson(readCaseJson(name, 'config.json'), name);
  const tensors = await readCaseTensors(name, 'model.safetensors');
  return { config, tensors, parameters: fromCheckpointTensors({ config, tensors, where: name }) };
}

export async function caseDecoder(name: string): Promise<Decoder> {
  const { config, parameters } = await readCase(name);
  const decoder = createDecoder({ config });
  setParameters(decoder, parameters);
  return decoder;
}
