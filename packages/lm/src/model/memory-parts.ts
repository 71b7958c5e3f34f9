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

/** Inputs and outputs of each projection of a block, named as in PEFT. */
function projections(config: DecoderConfig): Record<string, [number, number]> {
  const { hiddenSize, intermediateSize, headDim, numAttentionHeads, numKeyValueHeads, modelType } = config;
  const heads = numAttentionHeads * headDim;
  const keys = numKeyValueHeads * headDim;
  if (modelType === 'gpt2') {
    return {
      c_attn: [hiddenSize, projectedWidth(config)],
      c_proj: [heads + intermediateSize, 2 * hiddenSize],
      c_fc: [hiddenSize, intermediateSize],
    };
  }
  return {
    q_proj: [hiddenSize, heads],
    k_proj: [hiddenSize, keys],
    v_proj: [hiddenSize, keys],
    o_proj: [heads, hiddenSize],
    gate_proj: [hiddenSize, intermediateSize],
    up_proj: [hiddenSize, intermediateSize],
    down_proj: [intermediateSize, hiddenSize],
  };
}

export interface LoraSize {
  rank: number;
  /** Names as in PEFT, such as `q_proj`. @default all projections of a block */
  targetModules?: readonly string[];
}

/** Parameters of the adapters, and the floats that they add to what a token leaves behind in a block. */
export function loraSize(
  config: DecoderConfig,
  { rank, targetModules }: LoraSize,
): { parameters: number; floats: number } {
  const chosen = Object.entries(projections(config)).filter(([name]) => targetModules?.includes(name) ?? true);
  let parameters = 0;
  let floats = 0;
  for (const [, [inputs, outputs]] of chosen) {
    parameters += rank * (inputs + outputs);
    // The adapter's two products and their sum with the projection, forward; the first two again, backward.
    floats += 2 * outputs + inputs + 3 * rank;
  }
  return { parameters: parameters * config.numHiddenLayers, floats };
}
