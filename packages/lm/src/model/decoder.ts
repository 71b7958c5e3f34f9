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
  /** The decoder whose parameters this one runs on, see `shareDecoder`; its own are its adapters and its value head. */
  readonly base?: Decoder;
  /** Decoders that run on the parameters of this one. While there are any, the parameters are frozen. */
  readonly shares: Set<Decoder>;
  /**
   * Frees what is its own.
   *
   * @throws ModelError while other decoders run on its parameters
   */
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
    shares: new Set(),
    dispose: () => {
      requireUnshared(decoder);
      for (const variable of parameters.values()) variable.dispose();
      for (const variable of decoder.lora?.parameters.values() ?? []) variable.dispose();
      cosSin.dispose();
    },
  };
  return decoder;
}

/**
 * Checks that the parameters of a decoder serve nobody else.
 *
 * @throws ModelError for a share, and for a base while it has shares
 */
export function requireUnshared(decoder: Decoder): void {
  if (decoder.base !== undefined) {
    throw new ModelError(
      'the parameters belong to the model that this one was made from; only adapters and value head change',
    );
  }
  if (decoder.shares.size > 0) {
    throw new ModelError(`other models (${decoder.shares.size}) run on the parameters of this one; dispose them first`);
  }
}

/** Freezes parameters that adapters or other decoders rely on, and trains all of them again where there are none. */
export function updateFrozen(decoder: Decoder): void {
  const frozen = decoder.lora !== undefined || decoder.shares.size > 0;
  for (const [name, weight] of decoder.parameters) weight.trainable = !frozen || name === valueHeadName;
}

/** One parameter by name. */
export function parameter(decoder: Decoder, name: string): tf.Variable {
  const variable = decoder.parameters.get(name);
  if (variable === undefined) throw new ModelError(`the model has no parameter "${name}"`);
  return variable;
}
