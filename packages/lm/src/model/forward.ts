import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { causalAttention } from '../ops/causal-attention.js';
import { linear } from '../ops/linear.js';
import { recomputed } from '../ops/recomputed.js';
import { type Decoder, parameter } from './decoder.js';
import { decoderLayer, embedTokens, lastNorm } from './decoder-layer.js';
import { valueHeadName } from './parameter-shapes.js';
import type { TokenBatch } from './token-batch.js';

export interface HiddenStatesOptions {
  /**
   * Keeps only what enters each block and runs the block again in the backward pass: about a third more time for a fraction of the
   * memory of activations (Chen et al. 2016, arXiv 1604.06174). The gradients are the same.
   * @default false
   */
  gradientCheckpointing?: boolean | undefined;
  /** Whether the adapters of `addLora` take part; without them a decoder is its own frozen reference. @default true */
  lora?: boolean | undefined;
}

/**
 * Hidden states after the last norm, `[batch * time, hiddenSize]`. Differentiable in the parameters and the adapters.
 * Rows of padding hold finite values without meaning.
 *
 * @throws ModelError for a sequence longer than the model's positions
 */
export function hiddenStates(decoder: Decoder, batch: TokenBatch, options: HiddenStatesOptions = {}): tf.Tensor2D {
  const { gradientCheckpointing = false, lora = true } = options;
  const { config } = decoder;
  if (batch.time > config.maxPositionEmbeddings) {
    throw new ModelError(
      `a sequence of ${batch.time} tokens exceeds maxPositionEmbeddings (${config.maxPositionEmbeddings}); shorten the context`,
    );
  }
  const used: Decoder = lora ? decoder : { ...decoder, lora: undefined };
  let hidden = embedTokens({ decoder, tokenIds: batch.tokenIds, positions: batch.positions });
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const block = ({ input, lengths, positions }: { input: tf.Tensor; lengths: tf.Tensor; positions: tf.Tensor }) =>
      decoderLayer({
        decoder: used,
        layer,
        hidden: input,
        attend: (queryKeyValue) =>
          causalAttention({
            queryKeyValue,
            lengths,
            positions,
            cosSin: decoder.cosSin,
            batch: batch.batch,
            time: batch.time,
            heads: config.numAttentionHeads,
            keyValueHeads: config.numKeyValueHeads,
            headDim: config.headDim,
          }),
      });
    const constants = { lengths: batch.lengths, positions: batch.positions };
    // What the backward pass needs is kept by the tape; the rest goes with the block.
    hidden = gradientCheckpointing
      ? recomputed({ run: block, inputs: { input: hidden }, constants, variables: layerVariables(used, layer) })
      : tf.tidy(() => block({ input: hidden, ...constants }));
  }
  return lastNorm(decoder, hidden) as tf.Tensor2D;
}

/** What can be trained of one block. */
function layerVariables(decoder: Decoder, layer: number): tf.Variable[] {
  const prefix = `model.layers.${layer}.`;
  const own = [...decoder.parameters].filter(([name]) => name.startsWith(prefix)).map(([, variable]) => variable);
  const adapters = [...(decoder.lora?.projections ?? [])]
    .filter(([name]) => name.startsWith(prefix))
    .flatMap(([, parts]) => parts.flatMap(({ adapter }) => (adapter === undefined ? [] : [adapter.down, adapter.up])));
  return [...own, ...adapters].filter((variable) => variable.trainable);
}

/** The matrix that turns hidden states into logits, `[vocabularySize, hiddenSize]`: the token embeddings where they are tied. */
export function outputEmbedding(decoder: Decoder): tf.Variable {
  return parameter(decoder, decoder.config.tieWordEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight');
}

/** One value per token from hidden states `[n, hiddenSize]`: `[n]`. Needs a decoder with a value head. */
export function valuesOf(decoder: Decoder, hidden: tf.Tensor): tf.Tensor1D {
  return tf.reshape(linear({ x: hidden, weight: parameter(decoder, valueHeadName) }), [-1]) as tf.Tensor1D;
}
