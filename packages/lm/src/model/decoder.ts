import type { Random } from '@dgpo/trajectory';
import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { causalAttention } from '../ops/causal-attention.js';
import { embedding } from '../ops/embedding.js';
import { linear } from '../ops/linear.js';
import { rmsNorm } from '../ops/rms-norm.js';
import { rotaryTable } from '../ops/rotary-table.js';
import { swiglu } from '../ops/swiglu.js';
import { type DecoderConfig, parameterShapes } from './decoder-config.js';
import type { TokenBatch } from './token-batch.js';

/** A Llama-style decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied embeddings. */
export interface Decoder {
  readonly config: DecoderConfig;
  /** Parameters by name, in the order of {@link parameterShapes}, then those of the value head if there is one. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** Cosines and sines of the rotary positions, `[maxPositionEmbeddings, headDim]`. */
  readonly cosSin: tf.Tensor;
  dispose(): void;
}

/** Name of the weight that turns a decoder into a critic, `[1, hiddenSize]`. */
export const valueHeadName = 'score.weight';

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
  const shapes: Map<string, number[]> = new Map(parameterShapes(config));
  if (valueHead) shapes.set(valueHeadName, [1, config.hiddenSize]);
  const parameters = new Map<string, tf.Variable>();
  for (const [name, shape] of shapes) {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (shape.length === 1) values.fill(1);
    else if (random !== undefined && name !== valueHeadName) {
      const stream = random.split(name);
      const residual = name.endsWith('o_proj.weight') || name.endsWith('down_proj.weight');
      const deviation = residual ? 0.02 / Math.sqrt(2 * config.numHiddenLayers) : 0.02;
      for (let index = 0; index < values.length; index++) values[index] = stream.normal() * deviation;
    }
    parameters.set(
      name,
      tf.tidy(() => tf.variable(tf.tensor(values, shape), true)),
    );
  }
  const { maxPositionEmbeddings: maxPositions, headDim, ropeTheta: theta } = config;
  const cosSin = tf.tensor2d(rotaryTable({ maxPositions, headDim, theta }), [maxPositions, headDim]);
  return {
    config,
    parameters,
    cosSin,
    dispose: () => {
      for (const parameter of parameters.values()) parameter.dispose();
      cosSin.dispose();
    },
  };
}

/** One parameter by name. */
export function parameter(decoder: Decoder, name: string): tf.Variable {
  const variable = decoder.parameters.get(name);
  if (variable === undefined) throw new ModelError(`the model has no parameter "${name}"`);
  return variable;
}

/** One block of the decoder; attention is handed in because training and cached sampling differ only there. */
export function decoderLayer(options: {
  decoder: Decoder;
  layer: number;
  /** `[tokens, hiddenSize]` */
  hidden: tf.Tensor;
  attend: (queryKeyValue: tf.Tensor, layer: number) => tf.Tensor;
}): tf.Tensor {
  const { decoder, layer, hidden, attend } = options;
  const epsilon = decoder.config.rmsNormEps;
  const weight = (name: string) => parameter(decoder, `model.layers.${layer}.${name}.weight`);
  const normed = rmsNorm({ x: hidden, weight: weight('input_layernorm'), epsilon });
  const attended = attend(linear({ x: normed, weight: weight('self_attn.qkv_proj') }), layer);
  const residual = tf.add(hidden, linear({ x: attended, weight: weight('self_attn.o_proj') }));
  const normedAgain = rmsNorm({ x: residual, weight: weight('post_attention_layernorm'), epsilon });
  const gated = swiglu({ gateUp: linear({ x: normedAgain, weight: weight('mlp.gate_up_proj') }) });
  return tf.add(residual, linear({ x: gated, weight: weight('mlp.down_proj') }));
}

/**
 * Hidden states after the last norm, `[batch * time, hiddenSize]`. Differentiable in the parameters.
 * Rows of padding hold finite values without meaning.
 */
export function hiddenStates(decoder: Decoder, batch: TokenBatch): tf.Tensor2D {
  const { config } = decoder;
  if (batch.time > config.maxPositionEmbeddings) {
    throw new ModelError(
      `a sequence of ${batch.time} tokens exceeds maxPositionEmbeddings (${config.maxPositionEmbeddings}); shorten the context`,
    );
  }
  let hidden: tf.Tensor = embedding({ table: parameter(decoder, 'model.embed_tokens.weight'), ids: batch.tokenIds });
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    hidden = decoderLayer({
      decoder,
      layer,
      hidden,
      attend: (queryKeyValue) =>
        causalAttention({
          queryKeyValue,
          lengths: batch.lengths,
          positions: batch.positions,
          cosSin: decoder.cosSin,
          batch: batch.batch,
          time: batch.time,
          heads: config.numAttentionHeads,
          keyValueHeads: config.numKeyValueHeads,
          headDim: config.headDim,
        }),
    });
  }
  return rmsNorm({
    x: hidden,
    weight: parameter(decoder, 'model.norm.weight'),
    epsilon: config.rmsNormEps,
  }) as tf.Tensor2D;
}

/** One value per token from hidden states `[n, hiddenSize]`: `[n]`. Needs a decoder with a value head. */
export function valuesOf(decoder: Decoder, hidden: tf.Tensor): tf.Tensor1D {
  return tf.reshape(linear({ x: hidden, weight: parameter(decoder, valueHeadName) }), [-1]) as tf.Tensor1D;
}
