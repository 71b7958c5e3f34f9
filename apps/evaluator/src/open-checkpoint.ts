import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isAdapterFolder, loadModel, type ModelWeights } from '@dgpo/lm';
import { type EnvironmentSettings, readAgentSettings } from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';

/** The weights of a model folder, or of a folder of adapters, and its rules. @throws ConfigError where it is none or does not fit. */
export async function openModel(checkpoint: string): Promise<{ weights: ModelWeights; settings: EnvironmentSettings }> {
  if (!existsSync(join(checkpoint, 'config.json')) && !isAdapterFolder(checkpoint)) {
    throw new ConfigError('is no model folder: it has no config.json', { where: checkpoint });
  }
  const weights = await loadModel({ directory: checkpoint });
  const { maxPositionEmbeddings } = weights.config;
  const settings = await readAgentSettings({ directory: checkpoint, maxPositionEmbeddings });
  if (settings.maxContextTokens > maxPositionEmbeddings) {
    throw new ConfigError(
      `maxContextTokens is ${settings.maxContextTokens}, but this model reads ${maxPositionEmbeddings} tokens`,
      { where: join(checkpoint, 'agent.json') },
    );
  }
  return { weights, settings };
}
