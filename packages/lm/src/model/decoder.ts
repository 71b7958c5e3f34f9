import type { Random } from '@dgpo/trajectory';
import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import type { LoraAdapters } from '../lora/lora-adapters.js';
import { rotaryTable, unrotatedTable } from '../ops/rotary-table.js';
import { type AllocatedParameters, allocateParameters } from './allocate-parameters.js';
import { architectures } from './architecture.js';
import { shapesWithHead } from './checkpoint-layout.js';
import type { DecoderConfig } from './decoder-config.js';
import { valueHeadName } from './parameter-shapes.js';

/** A decoder with its weights; what it is made of follows from `config.modelType`. */
export interface Decoder {
  readonly config: DecoderConfig;
  /** Parameters by name, in the order of {@link parameterShapes}, then those of the value head if there is one. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** Cosines and sines of the rotary positions, `[maxPositionEmbeddings, headDim]`; learned positions turn nothing. */
  readonly cosSin: tf.Tensor;
  /** Adapters of low rank, see `addLora`; everything that runs the decoder runs them too. */
  lora?: LoraAdapters | undefined;
  dispose(): void;
}

export interface CreateDecoderOptions {
  config: DecoderConfig;
  /** Draws the initial weights; without it they are zero and are to be set with `setParameters`. */
  random?: Random;
  /** Adds a head with one output per token, initially 0: the critic of PPO. @default false */
  valueHead?: boolean;
}

/** A decoder with fresh weights: normal, standard deviation 0.02; output projections scaled by 1/√(2·layers) as in GPT-2. */
export function createDecoder(options: CreateDecoderOptions): Decoder {
  const { config, random, valueHead = false } = options;
  const shapes = shapesWithHead({ config, valueHead });
  const allocated = allocateParameters(shapes);
  for (const [name, shape] of shapes) {
    const values = allocated.values(name);
    if (shape.length === 1) values.fill(name.endsWith('.bias') ? 0 : 1);
    else if (random === undefined || name === valueHeadName) values.fill(0);
    else {
      const stream = random.split(name);
      const residual = name.endsWith('o_proj.weight') || name.endsWith('down_proj.weight');
      const deviation = residual ? 0.02 / Math.sqrt(2 * config.numHiddenLayers) : 0.02;
      for (let index = 0; index < values.length; index++) values[index] = stream.normal() * deviation;
    }
  }
  return decoderOf({ config, allocated });
}

/** A decoder of parameters that have been filled. */
export function decoderOf(options: { config: DecoderConfig; allocated: AllocatedParameters }): Decoder {
  const { config, allocated } = options;
  const parameters = allocated.variables();
  const { maxPositionEmbeddings: maxPositions, headDim, ropeTheta: theta, ropeScaling: scaling } = config;
  const rotary = architectures[config.modelType].positions === 'rotary';
  const table = rotary
    ? rotaryTable({ maxPositions, headDim, theta, scaling })
    : unrotatedTable({ maxPositions, headDim });
  const cosSin = tf.tensor2d(table, [maxPositions, headDim]);
  const decoder: Decoder = {
    config,
    parameters,
    cosSin,
    dispose: () => {
      for (const variable of parameters.values()) variable.dispose();
      for (const variable of decoder.lora?.parameters.values() ?? []) variable.dispose();
      cosSin.dispose();
    },
  };
  return decoder;
}

/** One parameter by name. */
export function parameter(decoder: Decoder, name: string): tf.Variable {
  const variable = decoder.parameters.get(name);
  if (variable === undefined) throw new ModelError(`the model has no parameter "${name}"`);
  return variable;
}
