import { loadModel, type ModelWeights } from '@dgpo/lm';
import { modelKey } from '../run/model-key.js';
import type { Workshop } from './workshop.js';

/** A model that a stage made, and the key of everything it came from. */
export interface StageModel {
  directory: string;
  key: string;
  weights: ModelWeights;
}

/** A model folder as the input of a stage. */
export async function stageModel(directory: string): Promise<StageModel> {
  const weights = await loadModel({ directory });
  return { directory, key: await modelKey(directory), weights };
}

/** Puts a model into all workers. */
export async function shareModel(workshop: Workshop, name: string, weights: ModelWeights): Promise<void> {
  await workshop.pool.broadcast({
    kind: 'model',
    name,
    config: weights.config,
    valueHead: false,
    weights: weights.parameters,
  });
}
