import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { causalAttention } from '../ops/causal-attention.js';
import { linear } from '../ops/linear.js';
import { type Decoder, parameter } from './decoder.js';
import { decoderLayer, embedTokens, lastNorm } from './decoder-layer.js';
import { valueHeadName } from './parameter-shapes.js';
import type { TokenBatch } from './token-batch.js';

/**
 * Hidden states after the last norm, `[batch * time, hiddenSize]`. Differentiable in the parameters.
 * Rows of padding hold finite values without meaning.
 *
 * @throws ModelError for a sequence longer than the model's positions
 */
export function hiddenStates(decoder: Decoder, batch: TokenBatch): tf.Tensor2D {
  const { config } = decoder;
  if (batch.time > config.maxPositionEmbeddings) {
    throw new ModelError(
      `a sequence of ${batch.time} tokens exceeds maxPositionEmbeddings (${config.maxPositionEmbeddings}); shorten the context`,
    );
  }
  let hidden = embedTokens({ decoder, tokenIds: batch.tokenIds, positions: batch.positions });
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
  return lastNorm(decoder, hidden) as tf.Tensor2D;
}

/** The matrix that turns hidden states into logits, `[vocabularySize, hiddenSize]`: the token embeddings where they are tied. */
export function outputEmbedding(decoder: Decoder): tf.Variable {
  return parameter(decoder, decoder.config.tieWordEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight');
}

/** One value per token from hidden states `[n, hiddenSize]`: `[n]`. Needs a decoder with a value head. */
export function valuesOf(decoder: Decoder, hidden: tf.Tensor): tf.Tensor1D {
  return tf.reshape(linear({ x: hidden, weight: parameter(decoder, valueHeadName) }), [-1]) as tf.Tensor1D;
}
