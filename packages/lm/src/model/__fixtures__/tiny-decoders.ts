import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { addLora } from '../../lora/add-lora.js';
import { embedding } from '../../ops/embedding.js';
import { tokenLogProbs } from '../../ops/token-log-probs.js';
import type { ModelType } from '../architecture.js';
import { createDecoder, type Decoder } from '../decoder.js';
import { decoderConfig } from '../decoder-config.js';
import { getParameters, setParameters } from '../flat-parameters.js';
import { type HiddenStatesOptions, hiddenStates, outputEmbedding } from '../forward.js';
import { tokenBatch } from '../token-batch.js';
import { getTrainableParameters, setTrainableParameters, trainableParameters } from '../trainable-parameters.js';

/** A tiny decoder of one kind, with weights ten times larger than at the start of training, so that every part of it matters. */
export async function tinyDecoder(
  modelType: ModelType,
  options: { vocabularySize?: number; numHiddenLayers?: number; valueHead?: boolean } = {},
): Promise<Decoder> {
  const { vocabularySize = 60, numHiddenLayers = 2, valueHead = false } = options;
  const config = decoderConfig({
    modelType,
    vocabularySize,
    numHiddenLayers,
    hiddenSize: 16,
    intermediateSize: 24,
    numAttentionHeads: 4,
    numKeyValueHeads: modelType === 'gpt2' ? 4 : 2,
    maxPositionEmbeddings: 32,
  });
  const decoder = createDecoder({ config, random: createRandom(1), valueHead });
  const noise = createRandom(2);
  const flat = await getParameters(decoder);
  setParameters(
    decoder,
    flat.map((value) => (value === 1 || value === 0 ? value + 0.1 * noise.normal() : value * 10)),
  );
  return decoder;
}

/** Adapters whose second matrix isn't 0, so that all of it shows in the output. */
export async function addLivelyLora(
  decoder: Decoder,
  options: { targetModules: readonly string[] | 'all-linear'; useRslora?: boolean },
): Promise<void> {
  addLora(decoder, { rank: 3, alpha: 5, ...options, random: createRandom(3) });
  const noise = createRandom(4);
  const flat = await getTrainableParameters(decoder);
  setTrainableParameters(
    decoder,
    flat.map((value) => value + 0.2 * noise.normal()),
  );
}

/** Log-probabilities of every token but the first of each sequence, by the path of training. */
export function sequenceLogProbs(
  decoder: Decoder,
  sequences: readonly number[][],
  options: HiddenStatesOptions = {},
): tf.Tensor1D {
  const batch = tokenBatch({ sequences });
  const rows = sequences.flatMap((ids, row) => ids.slice(1).map((_, index) => row * batch.time + index));
  const hidden = embedding({ table: hiddenStates(decoder, batch, options), ids: tf.tensor1d(rows, 'int32') });
  const targets = tf.tensor1d(
    sequences.flatMap((ids) => ids.slice(1)),
    'int32',
  );
  return tokenLogProbs({ hidden, weight: outputEmbedding(decoder), targets }).logProbs;
}

/** Mean negative log-likelihood, and its gradient by everything that is trained. */
export async function lossGradients(
  decoder: Decoder,
  sequences: readonly number[][],
  options: HiddenStatesOptions = {},
): Promise<{ loss: number; gradients: Map<string, Float32Array> }> {
  const trainable = [...trainableParameters(decoder)];
  const { value, grads } = tf.variableGrads(
    () => tf.neg(tf.mean(sequenceLogProbs(decoder, sequences, options))) as tf.Scalar,
    trainable.map(([, variable]) => variable),
  );
  const gradients = new Map<string, Float32Array>();
  for (const [name, variable] of trainable) {
    const gradient = grads[variable.name];
    gradients.set(name, gradient === undefined ? new Float32Array(variable.size) : await gradient.data<'float32'>());
  }
  const [loss = Number.NaN] = await value.data();
  tf.dispose([value, grads]);
  return { loss, gradients };
}
