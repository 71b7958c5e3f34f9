import * as tf from '@tensorflow/tfjs-core';
import { loraFactors } from '../lora/lora-adapters.js';
import { embedding } from '../ops/embedding.js';
import { gelu } from '../ops/gelu.js';
import { headNorm } from '../ops/head-norm.js';
import { layerNorm } from '../ops/layer-norm.js';
import { linear } from '../ops/linear.js';
import { rmsNorm } from '../ops/rms-norm.js';
import { sum } from '../ops/sum.js';
import { swiglu } from '../ops/swiglu.js';
import { architectures } from './architecture.js';
import { type Decoder, parameter } from './decoder.js';

/** What enters the first block: token embeddings, with learned positions added where the model has them; `[tokens, hiddenSize]`. */
export function embedTokens(options: { decoder: Decoder; tokenIds: tf.Tensor; positions: tf.Tensor }): tf.Tensor {
  const { decoder, tokenIds, positions } = options;
  const tokens = embedding({ table: parameter(decoder, 'model.embed_tokens.weight'), ids: tokenIds });
  if (architectures[decoder.config.modelType].positions === 'rotary') return tokens;
  return tf.add(tokens, embedding({ table: parameter(decoder, 'model.embed_positions.weight'), ids: positions }));
}

/** A named projection, with its bias where the model has one, and with its adapters. */
function project(decoder: Decoder, name: string, x: tf.Tensor): tf.Tensor {
  return linear({
    x,
    weight: parameter(decoder, `${name}.weight`),
    bias: decoder.parameters.get(`${name}.bias`),
    adapter: loraFactors({ lora: decoder.lora, name, x }),
  });
}

function normalize(decoder: Decoder, name: string, x: tf.Tensor): tf.Tensor {
  const weight = parameter(decoder, `${name}.weight`);
  const epsilon = decoder.config.normEps;
  return architectures[decoder.config.modelType].norm === 'rms'
    ? rmsNorm({ x, weight, epsilon })
    : layerNorm({ x, weight, bias: parameter(decoder, `${name}.bias`), epsilon });
}

/** Queries, keys and values side by side, before they are rotated. */
function queryKeyValues(decoder: Decoder, name: string, x: tf.Tensor): tf.Tensor {
  const { modelType, numAttentionHeads, numKeyValueHeads, headDim, normEps } = decoder.config;
  const queryKeyValue = project(decoder, `${name}.qkv_proj`, x);
  if (!architectures[modelType].qkNorm) return queryKeyValue;
  return headNorm({
    queryKeyValue,
    queryWeight: parameter(decoder, `${name}.q_norm.weight`),
    keyWeight: parameter(decoder, `${name}.k_norm.weight`),
    heads: numAttentionHeads,
    keyValueHeads: numKeyValueHeads,
    headDim,
    epsilon: normEps,
  });
}

function mlp(decoder: Decoder, name: string, x: tf.Tensor): tf.Tensor {
  const { modelType, hiddenAct } = decoder.config;
  const activated = architectures[modelType].gatedMlp
    ? swiglu({ gateUp: project(decoder, `${name}.gate_up_proj`, x) })
    : gelu({ x: project(decoder, `${name}.up_proj`, x), approximate: hiddenAct === 'gelu_new' ? 'tanh' : 'none' });
  return project(decoder, `${name}.down_proj`, activated);
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
  const name = `model.layers.${layer}`;
  const normed = normalize(decoder, `${name}.input_layernorm`, hidden);
  const attended = attend(queryKeyValues(decoder, `${name}.self_attn`, normed), layer);
  const residual = sum(hidden, project(decoder, `${name}.self_attn.o_proj`, attended));
  const normedAgain = normalize(decoder, `${name}.post_attention_layernorm`, residual);
  return sum(residual, mlp(decoder, `${name}.mlp`, normedAgain));
}

/** The norm after the last block. */
export function lastNorm(decoder: Decoder, hidden: tf.Tensor): tf.Tensor {
  return normalize(decoder, 'model.norm', hidden);
}
