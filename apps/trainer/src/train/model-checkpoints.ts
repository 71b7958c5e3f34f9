import type { AdamWState } from '@dgpo/lm';
import { CheckpointError } from '@dgpo/trajectory';
import { latestCheckpointStep, readCheckpoint, writeCheckpoint } from '../run/checkpoint.js';
import type { TrainedParameters } from './trained-model.js';

/** A file of a checkpoint beside the models, such as the state of a schedule. */
export interface CheckpointExtra {
  save(): string | Uint8Array;
  /** @param text of the file */
  load(text: string): void;
}

export interface ModelCheckpointsOptions {
  /** Folder of the checkpoints of one training. */
  directory: string;
  /** What must be the same to continue. */
  config: unknown;
  models: readonly TrainedParameters[];
  /** By the name of their file. @default none */
  extras?: Readonly<Record<string, CheckpointExtra>>;
  /** @default 2 */
  keep?: number;
}

/** Weights and optimiser states of a training, so that it continues exactly where it stopped. */
export interface ModelCheckpoints {
  /** Loads the latest checkpoint, if there is one, and returns its step (0 without one). */
  restore(): Promise<number>;
  save(step: number): Promise<void>;
}

const vectors = ['parameters', 'firstMoment', 'secondMoment'] as const;

const toBytes = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function toFloats(bytes: Uint8Array, where: string): Float32Array {
  if (bytes.byteLength % 4 !== 0) throw new CheckpointError('is not a vector of float32', { where });
  return new Float32Array(bytes.slice().buffer);
}

/**
 * The schedule, the data cursor and every generator follow from the step and the seed, so they need no state of their own; what does not
 * is among the extras.
 */
export function modelCheckpoints(options: ModelCheckpointsOptions): ModelCheckpoints {
  const { directory, config, models, extras = {}, keep = 2 } = options;
  return {
    restore: async () => {
      if ((await latestCheckpointStep({ directory })) === undefined) return 0;
      const checkpoint = await readCheckpoint({ directory, config });
      for (const model of models) {
        const read = (name: string) => toFloats(checkpoint.bytes(`${model.name}/${name}.f32`), checkpoint.path);
        const { step } = JSON.parse(checkpoint.text(`${model.name}/optimizer.json`)) as { step: number };
        const [parameters, firstMoment, secondMoment] = vectors.map(read) as [Float32Array, Float32Array, Float32Array];
        await model.load({ step, parameters, firstMoment, secondMoment });
      }
      for (const [name, extra] of Object.entries(extras)) extra.load(checkpoint.text(name));
      return checkpoint.step;
    },
    save: async (step) => {
      const files: Record<string, Uint8Array | string> = {};
      for (const model of models) {
        const state: AdamWState = await model.state();
        files[`${model.name}/optimizer.json`] = `${JSON.stringify({ step: state.step })}\n`;
        for (const name of vectors) files[`${model.name}/${name}.f32`] = toBytes(state[name]);
      }
      for (const [name, extra] of Object.entries(extras)) files[name] = extra.save();
      await writeCheckpoint({ directory, step, files, config, keep });
    },
  };
}
