import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ModelWeights, saveModel } from '@dgpo/lm';
import type { EnvironmentSettings } from '../compute/episodes-job.js';

/** A model folder that `dgpo ask` and `dgpo-eval` open as it is: weights, tokenizer and the rules it was trained under. */
export async function saveAgent(options: {
  directory: string;
  weights: ModelWeights;
  environment: EnvironmentSettings;
}): Promise<void> {
  await saveModel({ directory: options.directory, ...options.weights });
  await writeFile(join(options.directory, 'agent.json'), `${JSON.stringify(options.environment, null, 2)}\n`);
}
