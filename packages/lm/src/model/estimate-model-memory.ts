import type { EngineName } from '../engine/select-engine.js';
import type { DecoderConfig } from './decoder-config.js';
import {
  activationFloats,
  activationGradientFloats,
  keyValueCacheBytes,
  type LoraSize,
  loraSize,
  wasmHeapLimit,
} from './memory-parts.js';
import { parameterCount } from './parameter-shapes.js';

const float = 4;

/** What comes and goes leaves holes in a heap; measured heaps were up to 1.35 times what lay in them. Weights never move. */
const heapSlack = 1.35;

/** Tokens of a step of the sampler at most. */
const stepTokens = 4096;

/** Scratch of matrix products and the piece of logits that exists at a time, measured. */
const scratchBytes = 6 * 2 ** 20;

/** Stock ops keep intermediate results that fused ones do not have. */
const stockFactor = 2;

export interface EstimateModelMemoryOptions {
  config: DecoderConfig;
  engine: EngineName;
  /** `lora` trains adapters beside frozen weights, `full` all parameters. */
  mode: 'sample' | 'lora' | 'full';
  /** Sequences of a micro-batch; in sampling, sequences side by side. */
  batchSize: number;
  /** Tokens of a sequence; in sampling, of prompt and continuation together. */
  sequenceLength: number;
  /** @default rank 16 on all projections of a block */
  lora?: LoraSize;
  /** Whether blocks are run again in the backward pass. @default false */
  gradientCheckpointing?: boolean;
  /** Sequences in the key-value cache. @default `batchSize` in sampling, none in training */
  slots?: number;
  /** Bytes that the engine may use where that is known: free memory for `tensorflow` and `cpu`, of the GPU for `webgpu`. */
  availableMemory?: number;
}

/** Bytes, weights and all else in float32. */
export interface ModelMemory {
  /** Adapters included. */
  weights: number;
  gradients: number;
  /** Parameters, two moments and gradients, in the main thread: under `wasm` in a heap of its own. */
  optimizer: number;
  /** At their peak, with the gradients of activations. */
  activations: number;
  keyValueCache: number;
  /** What the engine holds: all but the optimizer, with the holes between it. */
  heap: number;
  /** The most it may hold; undefined where `availableMemory` would have to say so. */
  limit: number | undefined;
  /** Whether the heap is within the limit, and under `wasm` the optimizer too; true without one. */
  fits: boolean;
}

function trainingActivations(options: EstimateModelMemoryOptions & { adapterFloats: number }): number {
  const { config, engine, mode, batchSize, sequenceLength, gradientCheckpointing = false, adapterFloats } = options;
  const { hiddenSize, numHiddenLayers, numAttentionHeads, vocabularySize } = config;
  const tokens = batchSize * sequenceLength;
  const stock = engine !== 'wasm';
  const attention = stock ? 6 * numAttentionHeads * sequenceLength : 0;
  // The backward pass needs no terms of the two residual sums, so they go with their block.
  const kept = activationFloats(config) - 2 * hiddenSize;
  const vectors = kept + activationGradientFloats(config) + adapterFloats;
  const block = (stock ? stockFactor : 1) * vectors + attention;
  // A checkpointed block keeps what enters it and the gradient of that; one block at a time has everything.
  const blocks = gradientCheckpointing ? 2 * hiddenSize * numHiddenLayers + block : block * numHiddenLayers;
  // Around the blocks: embeddings, the last norm, and their gradients.
  const floats = tokens * (blocks + 5 * hiddenSize);
  // Two gradients of the embeddings, as inputs and as outputs, meet in their sum.
  const embeddings = mode === 'full' ? 2 * vocabularySize * hiddenSize : 0;
  const logits = stock ? 6 * tokens * vocabularySize : 0;
  return float * (floats + embeddings + logits) + (stock ? 0 : scratchBytes);
}

function samplingActivations({ config, engine, batchSize, sequenceLength }: EstimateModelMemoryOptions): number {
  const tokens = Math.min(stepTokens, batchSize * sequenceLength);
  const stock = engine !== 'wasm';
  const attention = stock ? 2 * config.numAttentionHeads * sequenceLength : 0;
  const block = (stock ? stockFactor : 1) * activationFloats(config) + attention;
  const floats = tokens * (block + 2 * config.hiddenSize) + batchSize * config.vocabularySize;
  return float * floats + (stock ? 0 : scratchBytes);
}

/**
 * Memory of one model in one worker, from its sizes alone. Under `wasm` the peak of live tensors comes out within a factor of 1.3 of what
 * is measured; for the other engines, whose ops are not ours, activations are a coarse guess.
 */
export function estimateModelMemory(options: EstimateModelMemoryOptions): ModelMemory {
  const { config, engine, mode, batchSize, sequenceLength } = options;
  const size = parameterCount(config);
  const adapters =
    mode === 'lora'
      ? loraSize(config, options.lora ?? { rank: 16, targetModules: 'all-linear' })
      : { parameters: 0, floats: 0 };
  const trained = mode === 'full' ? size : adapters.parameters;
  const weights = float * (size + adapters.parameters + config.maxPositionEmbeddings * config.headDim);
  const gradients = float * trained;
  const activations =
    mode === 'sample'
      ? samplingActivations(options)
      : trainingActivations({ ...options, adapterFloats: adapters.floats });
  const slots = options.slots ?? (mode === 'sample' ? batchSize : 0);
  const keyValueCache = keyValueCacheBytes(config, { slots, time: sequenceLength });
  const heap = weights + keyValueCache + heapSlack * (gradients + activations);
  const limit = engine === 'wasm' ? wasmHeapLimit : options.availableMemory;
  const optimizer = 4 * float * trained;
  const apart = engine === 'wasm' ? optimizer : 0;
  return {
    weights,
    gradients,
    optimizer,
    activations,
    keyValueCache,
    heap,
    limit,
    fits: limit === undefined || Math.max(heap, apart) <= limit,
  };
}
