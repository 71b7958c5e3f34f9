import { type LoraOptions, loraLayout } from '../lora/lora-layout.js';
import type { DecoderConfig } from './decoder-config.js';

/** The most that a 32-bit WebAssembly heap can hold: 4 GiB. */
export const wasmHeapLimit = 2 ** 32;

const float = 4;

const projectedWidth = ({ numAttentionHeads, numKeyValueHeads, headDim }: DecoderConfig) =>
  (numAttentionHeads + 2 * numKeyValueHeads) * headDim;

/** What the norms and the activation of GPT-2, which are stock ops on every engine, leave behind beyond the rest, as measured. */
function stockPartFloats({ modelType, hiddenAct, hiddenSize, intermediateSize }: DecoderConfig) {
  if (modelType !== 'gpt2') return { forward: 0, backward: 0 };
  const tanh = hiddenAct === 'gelu_new';
  return {
    forward: 8 * hiddenSize + (tanh ? 8 : 5) * intermediateSize,
    backward: 4 * hiddenSize + (tanh ? 7 : 3) * intermediateSize,
  };
}

/**
 * Floats that one token leaves behind in one block of a forward pass: seven vectors of the width (two inputs of norms, their two outputs,
 * attention, its projection, the MLP's output), queries, keys and values twice (also rotated), and three of the gated MLP.
 */
export function activationFloats(config: DecoderConfig): number {
  const { hiddenSize, intermediateSize } = config;
  return 7 * hiddenSize + 2 * projectedWidth(config) + 3 * intermediateSize + stockPartFloats(config).forward;
}

/** Floats of gradients that one token leaves behind in one block of the backward pass, all of which live until its end. */
export function activationGradientFloats(config: DecoderConfig): number {
  const { hiddenSize, intermediateSize } = config;
  return 6 * hiddenSize + projectedWidth(config) + 3 * intermediateSize + stockPartFloats(config).backward;
}

/** Bytes of keys and values: `slots · layers · 2 · keyValueHeads · headDim · time` floats. */
export function keyValueCacheBytes(config: DecoderConfig, options: { slots: number; time: number }): number {
  const { numHiddenLayers, numKeyValueHeads, headDim } = config;
  return float * options.slots * numHiddenLayers * 2 * numKeyValueHeads * headDim * options.time;
}

export type LoraSize = Pick<LoraOptions, 'rank' | 'targetModules'>;

/**
 * Parameters of the adapters, and the floats that they add to what a token leaves behind in a block: the narrow product of each and its
 * scaled form, forward and backward, and a second gradient of what enters each adapted matrix.
 *
 * @throws ModelError for a rank that is no positive number, and for a target that names no projection of the model
 */
export function loraSize(config: DecoderConfig, lora: LoraSize): { parameters: number; floats: number } {
  let parameters = 0;
  let adapters = 0;
  let entering = 0;
  for (const { inputs, parts } of loraLayout(config, { ...lora, alpha: lora.rank })) {
    entering += inputs;
    for (const { rows, adapted } of parts) {
      if (!adapted) continue;
      parameters += lora.rank * (inputs + rows);
      adapters += 1;
    }
  }
  return { parameters, floats: (4 * lora.rank * adapters + entering) / config.numHiddenLayers };
}
