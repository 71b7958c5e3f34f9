import {
  addLora,
  type Decoder,
  getParameters,
  getTrainableParameters,
  type LoraOptions,
  loadAdapter,
  loadDecoder,
  mergeLora,
  setTrainableParameters,
  shareDecoder,
} from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import { type JobContext, modelNamed } from './jobs.js';
import { dropSamplers, resetSamplers } from './kept-samplers.js';

interface OpenModelJob {
  kind: 'open';
  name: string;
  lora?: LoraOptions;
  /** Draws the adapters. */
  seed: number;
  /** Folder with the values of the adapters, and their kind. @default drawn */
  adapter?: string;
  /** Adds a head with one output per token, 0 at first: the critic of PPO. @default false */
  valueHead?: boolean;
}

/** Opens a model folder under a name, as it is or with fresh adapters. */
interface OpenFolderJob extends OpenModelJob {
  directory: string;
}

/** Opens a model on the frozen weights of one that is open already: only adapters and value head are its own. */
export interface OpenOnBaseJob extends OpenModelJob {
  /** Name of the model with the weights. */
  base: string;
}

/** Opens a model under a name, in place of the one that had it. A folder that other models run on stays open as it is. */
export type OpenJob = OpenFolderJob | OpenOnBaseJob;

/** Sets what is trained of a model: its adapters and value head, or all of it. */
export interface TrainableJob {
  kind: 'trainable';
  model: string;
  parameters: Float32Array;
}

/**
 * Reads what is trained of a model, or all of it with the adapters folded in, which then are gone. Of a model on a base, which others use,
 * only the former can be read.
 */
export interface ParametersJob {
  kind: 'parameters';
  model: string;
  what: 'trainable' | 'merged';
}

/** Where a worker notes from which folder a model was opened. */
const folderKey = (name: string) => `folder:${name}`;

const isPlain = ({ lora, adapter, valueHead }: OpenModelJob) =>
  lora === undefined && adapter === undefined && valueHead !== true;

async function openWeights(context: JobContext, job: OpenJob): Promise<Decoder> {
  const { valueHead = false } = job;
  if ('base' in job) return shareDecoder(modelNamed(context, job.base), { valueHead });
  return (await loadDecoder({ directory: job.directory, valueHead })).decoder;
}

export async function runOpenJob(context: JobContext, job: OpenJob): Promise<null> {
  const { models, kept } = context;
  const current = models.get(job.name);
  const directory = 'directory' in job && isPlain(job) ? job.directory : undefined;
  const isInUse = current !== undefined && current.shares.size > 0;
  if (isInUse && directory !== undefined && kept.get(folderKey(job.name)) === directory) return null;
  current?.dispose();
  models.delete(job.name);
  kept.delete(folderKey(job.name));
  dropSamplers(context, job.name);
  const decoder = await openWeights(context, job);
  try {
    if (job.adapter !== undefined) await loadAdapter({ directory: job.adapter, decoder });
    else if (job.lora !== undefined) addLora(decoder, { ...job.lora, random: createRandom(job.seed).split('lora') });
  } catch (error) {
    decoder.dispose();
    throw error;
  }
  models.set(job.name, decoder);
  if (directory !== undefined) kept.set(folderKey(job.name), directory);
  return null;
}

export function runTrainableJob(context: JobContext, job: TrainableJob): null {
  setTrainableParameters(modelNamed(context, job.model), job.parameters);
  resetSamplers(context, job.model);
  return null;
}

export function runParametersJob(context: JobContext, job: ParametersJob): Promise<Float32Array> {
  const decoder = modelNamed(context, job.model);
  if (job.what === 'trainable') return getTrainableParameters(decoder);
  if (decoder.lora !== undefined) mergeLora(decoder);
  return getParameters(decoder);
}
