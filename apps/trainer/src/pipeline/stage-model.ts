import { resolve } from 'node:path';
import {
  type AdapterWeights,
  adapterBase,
  isAdapterFolder,
  loadModel,
  loadTokenizer,
  type ModelWeights,
  readAdapter,
  tokenizerFolder,
} from '@dgpo/lm';
import { readModelConfig } from '../estimate/model-config.js';
import { modelKey } from '../run/model-key.js';
import type { Workshop } from './workshop.js';

/** Frozen weights that every worker holds once, under a name of their own; models with adapters run on them. */
export interface SharedBase {
  name: string;
  directory: string;
}

/** A model that a stage made, and the key of everything it came from. */
export interface StageModel {
  directory: string;
  key: string;
  /** With `base` there are no parameters here, since workers read folders. */
  weights: ModelWeights;
  /** What it runs on in the workers. @default weights of its own, from here */
  base?: SharedBase;
  /** On `base`. @default none: it is the base itself */
  adapter?: AdapterWeights;
}

/** A model folder as the input of a stage. */
export async function stageModel(directory: string): Promise<StageModel> {
  const weights = await loadModel({ directory });
  return { directory, key: await modelKey(directory), weights };
}

/** A model folder, or a folder of adapters, that workers open as a share of its base. */
export async function sharedStageModel(options: {
  directory: string;
  /** Of the base in the workers. */
  name: string;
}): Promise<StageModel> {
  const { directory, name } = options;
  const isAdapter = isAdapterFolder(directory);
  const config = await readModelConfig(directory);
  return {
    directory,
    key: await modelKey(directory),
    weights: {
      config,
      parameters: new Float32Array(0),
      tokenizer: await loadTokenizer(await tokenizerFolder(directory)),
    },
    base: { name, directory: resolve(isAdapter ? await adapterBase(directory) : directory) },
    ...(isAdapter ? { adapter: await readAdapter({ directory, config }) } : {}),
  };
}

/** Puts frozen weights into all workers; nothing happens where they are and models run on them. */
export async function shareBase({ pool }: Pick<Workshop, 'pool'>, { name, directory }: SharedBase): Promise<void> {
  await pool.broadcast({ kind: 'open', name, directory, seed: 0 });
}

/** Puts a model into all workers, in place of the one that had the name. */
export async function shareModel(workshop: Pick<Workshop, 'pool'>, name: string, model: StageModel): Promise<void> {
  const { base, adapter, directory, weights } = model;
  if (base === undefined) {
    const { config, parameters } = weights;
    await workshop.pool.broadcast({ kind: 'model', name, config, valueHead: false, weights: parameters });
    return;
  }
  await shareBase(workshop, base);
  const opened = { kind: 'open' as const, name, base: base.name, seed: 0 };
  await workshop.pool.broadcast(adapter === undefined ? opened : { ...opened, adapter: directory });
}
