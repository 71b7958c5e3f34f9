import { type DecoderConfig, type LoraOptions, loraShapes } from '@dgpo/lm';
import type { OpenOnBaseJob, ParametersJob } from '../compute/open-job.js';
import type { ComputePool } from '../compute/pool.js';
import {
  createTrainedParameters,
  type OptimizerOptions,
  parameterGroups,
  type TrainedParameters,
} from './trained-model.js';

export interface TrainedAdapterOptions extends OptimizerOptions {
  pool: ComputePool;
  /** Name under which the workers are to know the model. */
  name: string;
  /** Name of the model in the workers on whose frozen weights it runs. */
  base: string;
  /** Of the base. */
  config: DecoderConfig;
  lora: LoraOptions;
  /** @default false */
  valueHead?: boolean;
  /** Draws the adapters where no values are given. */
  seed: number;
  /** Adapters in the order of `loraShapes`, a value head's last. @default drawn by the seed, so that the model is its base at first */
  parameters?: Float32Array;
}

/** Adapters, and maybe a value head, on the frozen weights of a base that all models of a worker share. */
export interface TrainedAdapter extends TrainedParameters {
  readonly base: string;
  readonly config: DecoderConfig;
  readonly lora: LoraOptions;
  readonly valueHead: boolean;
}

/**
 * Opens a model on a base in every worker, and trains its adapters and its value head. Matrices of adapters decay, the head does not.
 *
 * @throws ModelError when there is no such base, when the adapters do not fit it, or for `parameters` of another size
 */
export async function createTrainedAdapter(options: TrainedAdapterOptions): Promise<TrainedAdapter> {
  const { pool, name, base, config, lora, valueHead = false, seed } = options;
  await pool.broadcast({ kind: 'open', name, base, lora, valueHead, seed } satisfies OpenOnBaseJob);
  const drawn = async () => {
    const [values] = await pool.run<ParametersJob>([{ kind: 'parameters', model: name, what: 'trainable' }]);
    return values as Float32Array;
  };
  const groups = parameterGroups(loraShapes(config, lora).values());
  if (valueHead) groups.push({ size: config.hiddenSize, decay: false });
  const trained = await createTrainedParameters({
    ...options,
    groups,
    parameters: options.parameters ?? (await drawn()),
    share: (parameters) => ({ kind: 'trainable', model: name, parameters }),
  });
  return { ...trained, base, config, lora, valueHead };
}
