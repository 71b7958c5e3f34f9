import {
  addLora,
  getParameters,
  getTrainableParameters,
  type LoraOptions,
  loadAdapter,
  loadDecoder,
  mergeLora,
  setTrainableParameters,
} from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import { type JobContext, modelNamed, refreshSamplers } from './jobs.js';

/** Opens a model folder under a name, as it is or with fresh adapters. */
export interface OpenJob {
  kind: 'open';
  name: string;
  directory: string;
  lora?: LoraOptions;
  /** Draws the adapters. */
  seed: number;
  /** Folder with the values of the adapters. @default drawn */
  adapter?: string;
}

/** Sets what is trained of a model: its adapters, or all of it. */
export interface TrainableJob {
  kind: 'trainable';
  model: string;
  parameters: Float32Array;
}

/** Reads what is trained of a model, or all of it with the adapters folded in, which then are gone. */
export interface ParametersJob {
  kind: 'parameters';
  model: string;
  what: 'trainable' | 'merged';
}

export async function runOpenJob(context: JobContext, job: OpenJob): Promise<null> {
  context.models.get(job.name)?.dispose();
  const { decoder } = await loadDecoder({ directory: job.directory });
  if (job.adapter !== undefined) await loadAdapter({ directory: job.adapter, decoder });
  else if (job.lora !== undefined) addLora(decoder, { ...job.lora, random: createRandom(job.seed).split('lora') });
  context.models.set(job.name, decoder);
  refreshSamplers(context, job.name, true);
  return null;
}

export function runTrainableJob(context: JobContext, job: TrainableJob): null {
  setTrainableParameters(modelNamed(context, job.model), job.parameters);
  refreshSamplers(context, job.model, false);
  return null;
}

export function runParametersJob(context: JobContext, job: ParametersJob): Promise<Float32Array> {
  const decoder = modelNamed(context, job.model);
  if (job.what === 'trainable') return getTrainableParameters(decoder);
  if (decoder.lora !== undefined) mergeLora(decoder);
  return getParameters(decoder);
}
