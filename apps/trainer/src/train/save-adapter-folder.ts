import {
  type DecoderConfig,
  type LoraOptions,
  loadModel,
  saveAdapter,
  saveModel,
  saveTokenizer,
  type Tokenizer,
} from '@dgpo/lm';
import type { EnvironmentSettings } from '../compute/environment-settings.js';
import { writeAgentSettings } from '../evaluate/agent-settings.js';

export interface SaveAdapterFolderOptions {
  directory: string;
  /** Path of the base, absolute, or its name on the hub. */
  baseModel: string;
  /** Of the base. */
  config: DecoderConfig;
  lora: LoraOptions;
  /** The adapters in the order of `loraShapes`, without a value head. */
  parameters: Float32Array;
  tokenizer: Tokenizer;
  /** Rules to search by. @default none are written */
  settings?: EnvironmentSettings;
  /** Writes a model folder with the adapters folded into the weights too; the base is read for it. @default none */
  merged?: { directory: string; dtype?: 'F32' | 'F16' | 'BF16' };
}

/**
 * Writes adapters as a folder that `peft` loads and that opens wherever a model folder does: the adapters, the name of their base, the
 * tokenizer, and the rules to search by.
 *
 * @throws ModelError for a vector of another size, a file that cannot be written, or, where they are merged, a base that cannot be read
 */
export async function saveAdapterFolder(options: SaveAdapterFolderOptions): Promise<void> {
  const { directory, baseModel, config, lora, parameters, tokenizer, settings, merged } = options;
  await saveAdapter({ directory, config, lora, parameters, baseModel });
  await saveTokenizer(tokenizer, directory);
  if (settings !== undefined) await writeAgentSettings({ directory, settings });
  if (merged === undefined) return;
  await saveModel({ ...(await loadModel({ directory })), ...merged });
  if (settings !== undefined) await writeAgentSettings({ directory: merged.directory, settings });
}
