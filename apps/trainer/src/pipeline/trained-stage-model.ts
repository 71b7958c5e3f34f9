import { join } from 'node:path';
import { createDecoder, getParameters, type LoraOptions, type ModelWeights, saveModel } from '@dgpo/lm';
import { ConfigError, createRandom } from '@dgpo/trajectory';
import type { z } from 'zod';
import type { EnvironmentSettings } from '../compute/environment-settings.js';
import { writeAgentSettings } from '../evaluate/agent-settings.js';
import { loraOptions } from '../recipe/lora-options.js';
import type { loraSchema } from '../recipe/lora-schema.js';
import { saveAdapterFolder } from '../train/save-adapter-folder.js';
import { createTrainedAdapter } from '../train/trained-adapter.js';
import { createTrainedModel, type OptimizerOptions, type TrainedModel } from '../train/trained-model.js';
import { type SharedBase, type StageModel, shareBase, sharedStageModel, stageModel } from './stage-model.js';
import type { Workshop } from './workshop.js';

/** Adapters as a recipe asks for them; without them all weights are trained. */
export type LoraSettings = z.output<typeof loraSchema> | undefined;

/** What a stage starts from and how it is trained. */
export interface TrainedStageOptions {
  model: StageModel;
  /** @default all weights are trained */
  lora?: LoraSettings;
}

const sameAdapters = (one: LoraOptions, other: LoraOptions) =>
  one.rank === other.rank && one.alpha === other.alpha && String(one.targetModules) === String(other.targetModules);

/** The base and the adapters of a stage; undefined where all weights are trained. */
function adaptersOf({
  model,
  lora: settings,
}: TrainedStageOptions): { base: SharedBase; lora: LoraOptions } | undefined {
  const asked = loraOptions(settings);
  if (asked === undefined) return undefined;
  const { base, adapter, directory } = model;
  if (base === undefined) throw new ConfigError('needs a model that is opened from its folder', { where: 'lora' });
  // A folder may name targets one by one that the recipe calls all-linear: the shapes decide, which the values have to fit.
  if (adapter !== undefined && !sameAdapters({ ...adapter.lora, targetModules: asked.targetModules }, asked)) {
    const { rank, alpha } = adapter.lora;
    throw new ConfigError(`the adapters of ${directory} have rank ${rank} and alpha ${alpha}; ask for the same`, {
      where: 'lora',
    });
  }
  return { base, lora: asked };
}

/** The critic starts from the student's body with a value head of zeros (dgpo.py: initialised from the student path). */
async function withValueHead({ config, parameters: body }: ModelWeights): Promise<Float32Array> {
  const decoder = createDecoder({ config, valueHead: true });
  const parameters = (await getParameters(decoder)).slice();
  decoder.dispose();
  parameters.set(body);
  return parameters;
}

/** Puts the model that a stage trains into all workers, with the values that the stage starts from. */
export async function trainedStageModel(
  options: TrainedStageOptions &
    OptimizerOptions & {
      workshop: Pick<Workshop, 'pool'>;
      /** In the workers. */
      name: string;
      /** Draws adapters where there are none yet. */
      seed: number;
      /** Adds the value head of a critic, 0 at first. @default false */
      valueHead?: boolean;
    },
): Promise<TrainedModel> {
  const { workshop, model, lora: _, seed, valueHead = false, ...shared } = options;
  const { pool } = workshop;
  const { config, parameters } = model.weights;
  const adapters = adaptersOf(options);
  if (adapters === undefined) {
    const all = valueHead ? await withValueHead(model.weights) : parameters;
    return createTrainedModel({ ...shared, pool, config, parameters: all, valueHead });
  }
  const { base, lora } = adapters;
  await shareBase(workshop, base);
  const body = model.adapter?.parameters;
  const values = body === undefined ? undefined : valueHead ? withZeros(body, config.hiddenSize) : body;
  return createTrainedAdapter({
    ...shared,
    ...{ pool, base: base.name, config, lora, valueHead },
    seed: createRandom(seed)
      .split('adapters')
      .integer(2 ** 31),
    ...(values === undefined ? {} : { parameters: values }),
  });
}

function withZeros(values: Float32Array, count: number): Float32Array {
  const result = new Float32Array(values.length + count);
  result.set(values);
  return result;
}

/**
 * Saves what a stage made below its folder: `model` for all weights; with LoRA `adapter`, and with `merge` also `model`. Both open where
 * a model does, `dgpo ask` and `dgpo-eval` included, where the rules of the search are given.
 */
export async function saveStageModel(
  options: TrainedStageOptions & {
    /** Of the stage. */
    directory: string;
    parameters: Float32Array;
    environment?: EnvironmentSettings;
  },
): Promise<void> {
  const { directory, model, parameters, environment, lora: settings } = options;
  const { config, tokenizer } = model.weights;
  const adapters = adaptersOf(options);
  const folder = join(directory, 'model');
  if (adapters === undefined) {
    await saveModel({ directory: folder, config, parameters, tokenizer });
    if (environment !== undefined) await writeAgentSettings({ directory: folder, settings: environment });
    return;
  }
  await saveAdapterFolder({
    directory: join(directory, 'adapter'),
    baseModel: adapters.base.directory,
    ...{ config, parameters, tokenizer, lora: adapters.lora },
    ...(environment === undefined ? {} : { settings: environment }),
    ...(settings?.merge ? { merged: { directory: folder } } : {}),
  });
}

/** What {@link saveStageModel} saved, as the input of the next stage. */
export async function savedStageModel(options: TrainedStageOptions & { directory: string }): Promise<StageModel> {
  const { directory } = options;
  const adapters = adaptersOf(options);
  if (adapters === undefined) return stageModel(join(directory, 'model'));
  const saved = await sharedStageModel({ directory: join(directory, 'adapter'), name: adapters.base.name });
  // The same weights, maybe by another path: the workers know them by this one.
  return { ...saved, base: adapters.base };
}
