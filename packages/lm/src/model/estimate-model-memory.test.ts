import { ConfigError, createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { tokenLogProbs } from '../ops/index.js';
import { createSampler } from '../sampling/sampler.js';
import { trainCompactTokenizer } from '../tokenizer/compact-tokenizer.js';
import { createDecoder } from './decoder.js';
import { type DecoderConfig, decoderConfig } from './decoder-config.js';
import { type EstimateModelMemoryOptions, estimateModelMemory } from './estimate-model-memory.js';
import { hiddenStates, outputEmbedding } from './forward.js';
import { memoryRemedies, requireMemory } from './memory-remedies.js';
import { tokenBatch } from './token-batch.js';

/** Width 8, one layer, two heads of four, MLP of 32, vocabulary 10: 1128 parameters. */
const tiny = decoderConfig({
  vocabularySize: 10,
  hiddenSize: 8,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 32,
  maxPositionEmbeddings: 64,
});

/** The text model of SmolLM2-135M. */
const small = decoderConfig({
  vocabularySize: 49_152,
  hiddenSize: 576,
  intermediateSize: 1536,
  numHiddenLayers: 30,
  numAttentionHeads: 9,
  numKeyValueHeads: 3,
  maxPositionEmbeddings: 8192,
});

const billion = {
  ...small,
  hiddenSize: 2048,
  intermediateSize: 8192,
  numHiddenLayers: 16,
  numAttentionHeads: 32,
  numKeyValueHeads: 8,
  vocabularySize: 128_256,
};

describe('estimateModelMemory', () => {
  const base = { config: tiny, engine: 'wasm', batchSize: 2, sequenceLength: 16 } as const;

  it('adds up by hand', () => {
    const full = estimateModelMemory({ ...base, mode: 'full' });
    expect(full.weights).toBe(4 * (1128 + 64 * 4));
    expect(full.gradients).toBe(4 * 1128);
    expect(full.optimizer).toBe(16 * 1128);
    expect(full.keyValueCache).toBe(0);
    const forward = 7 * 8 + 2 * 24 + 3 * 32;
    const backward = 6 * 8 + 24 + 3 * 32;
    expect(full.activations).toBe(4 * (32 * (forward + backward + 5 * 8) + 2 * 10 * 8) + 12 * 2 ** 20);
    expect(full.heap).toBeCloseTo(full.weights + 1.35 * (full.gradients + full.activations), 6);
    const sampled = estimateModelMemory({ ...base, mode: 'sample', slots: 5 });
    expect(sampled.keyValueCache).toBe(5 * 4 * 2 * 2 * 4 * 16);
    expect(sampled.activations).toBe(4 * (32 * (forward + 2 * 8) + 2 * 10) + 12 * 2 ** 20);
    expect([sampled.gradients, sampled.optimizer]).toEqual([0, 0]);
  });

  it('trains adapters alone in LoRA', () => {
    const lora = estimateModelMemory({
      ...base,
      mode: 'lora',
      lora: { rank: 2, targetModules: ['q_proj', 'down_proj'] },
    });
    const adapters = 2 * (8 + 8) + 2 * (32 + 8);
    expect(lora.gradients).toBe(4 * adapters);
    expect(lora.weights).toBe(4 * (1128 + adapters + 64 * 4));
    expect(lora.optimizer).toBe(16 * adapters);
  });

  it('keeps one block with gradient checkpointing', () => {
    const deep = { ...base, config: { ...tiny, numHiddenLayers: 50 }, batchSize: 500, mode: 'full' } as const;
    const kept = estimateModelMemory(deep).activations;
    expect(estimateModelMemory({ ...deep, gradientCheckpointing: true }).activations).toBeLessThan(kept / 10);
  });

  it('counts what stock ops keep, and takes their limit from outside', () => {
    const stock = { ...base, engine: 'tensorflow', mode: 'full' } as const;
    expect(estimateModelMemory(stock)).toMatchObject({ limit: undefined, fits: true });
    expect(estimateModelMemory({ ...stock, availableMemory: 1000 })).toMatchObject({ limit: 1000, fits: false });
    const longer = estimateModelMemory({ ...stock, sequenceLength: 32 }).activations;
    expect(longer).toBeGreaterThan(2 * estimateModelMemory(stock).activations);
  });
});

describe('memoryRemedies', () => {
  const large: EstimateModelMemoryOptions = {
    config: small,
    engine: 'wasm',
    mode: 'full',
    batchSize: 8,
    sequenceLength: 256,
  };

  it('names changes that each are enough', () => {
    const remedies = memoryRemedies(large);
    expect(remedies.map(({ text }) => text.replace(/\d+$/, 'n'))).toEqual([
      'batchSize of n',
      'sequenceLength of n',
      'gradientCheckpointing',
      'LoRA with gradientCheckpointing',
      'engine tensorflow',
      'engine webgpu',
    ]);
    for (const { change } of remedies) expect(estimateModelMemory({ ...large, ...change }).fits).toBe(true);
    expect(memoryRemedies({ ...large, batchSize: 1, sequenceLength: 64 })).toEqual([]);
  });

  it('refuses before anything starts, with the engine that would do', () => {
    const options = { config: billion, engine: 'wasm', mode: 'sample', batchSize: 1, sequenceLength: 128 } as const;
    expect(() => requireMemory({ ...options, where: 'model' })).toThrow(ConfigError);
    expect(() => requireMemory({ ...options, where: 'model' })).toThrow(
      /^model: needs about \d\.\d GiB \(weights \d\.\d GiB, activations .*\), and engine wasm has 4\.0 GiB; it fits with engine tensorflow, or engine webgpu$/,
    );
    expect(() => requireMemory({ ...options, engine: 'webgpu', availableMemory: 2 ** 30 })).toThrow(
      /choose a smaller model$/,
    );
    expect(() => requireMemory({ ...options, config: small })).not.toThrow();
  });
});

interface MeasuredHeap {
  peak: number;
}

/** Counts what lives in the heap of the wasm backend while `run` runs. */
async function peakOf(run: (measured: MeasuredHeap) => Promise<void>): Promise<number> {
  const { wasm } = tf.backend() as unknown as {
    wasm: { _malloc(bytes: number): number; _free(pointer: number): void };
  };
  const { _malloc: allocate, _free: free } = wasm;
  const sizes = new Map<number, number>();
  const measured = { peak: 0 };
  let live = 0;
  wasm._malloc = (bytes) => {
    const pointer = allocate(bytes);
    sizes.set(pointer, bytes);
    live += bytes;
    measured.peak = Math.max(measured.peak, live);
    return pointer;
  };
  wasm._free = (pointer) => {
    live -= sizes.get(pointer) ?? 0;
    sizes.delete(pointer);
    free(pointer);
  };
  await run(measured);
  wasm._malloc = allocate;
  wasm._free = free;
  return measured.peak;
}

describe('the estimate against what wasm holds', () => {
  beforeAll(async () => {
    await selectEngine({ engine: 'wasm' });
  });
  const mid = (more: Partial<DecoderConfig>) =>
    decoderConfig({ vocabularySize: 2000, hiddenSize: 192, numHiddenLayers: 6, numAttentionHeads: 6, ...more });
  const tolerance = 1.3;
  const within = (estimate: number, measured: number) => {
    expect(estimate / measured).toBeLessThan(tolerance);
    expect(measured / estimate).toBeLessThan(tolerance);
  };
  const tensors = ({ weights, gradients, activations, keyValueCache }: ReturnType<typeof estimateModelMemory>) =>
    weights + gradients + activations + keyValueCache;

  it.each([
    ['narrow and deep', mid({ numHiddenLayers: 10, hiddenSize: 128, headDim: 32, numAttentionHeads: 4 }), 4, 128],
    ['few key-value heads', mid({ numKeyValueHeads: 2 }), 4, 128],
    ['a large vocabulary', mid({ vocabularySize: 16_000, numHiddenLayers: 2 }), 2, 128],
    ['gpt2', mid({ modelType: 'gpt2', numHiddenLayers: 4, intermediateSize: 768, hiddenAct: 'gelu_new' }), 4, 128],
    ['gpt2, narrow', mid({ modelType: 'gpt2', numHiddenLayers: 4, intermediateSize: 192, hiddenAct: 'gelu' }), 4, 128],
  ] as const)('forward and backward of %s', async (_, config, batchSize, sequenceLength) => {
    const peak = await peakOf(async () => {
      const decoder = createDecoder({ config, random: createRandom(1) });
      const sequences = Array.from({ length: batchSize }, () => Array.from({ length: sequenceLength }, (_, id) => id));
      const batch = tokenBatch({ sequences });
      const targets = tf.tensor1d(sequences.flat(), 'int32');
      const { value, grads } = tf.variableGrads(() => {
        const hidden = hiddenStates(decoder, batch);
        return tf.neg(
          tf.mean(tokenLogProbs({ hidden, weight: outputEmbedding(decoder), targets }).logProbs),
        ) as tf.Scalar;
      }, [...decoder.parameters.values()]);
      tf.dispose([value, grads, targets]);
      batch.dispose();
      decoder.dispose();
    });
    within(tensors(estimateModelMemory({ config, engine: 'wasm', mode: 'full', batchSize, sequenceLength })), peak);
  });

  it('sampling', async () => {
    const tokenizer = trainCompactTokenizer({ texts: [], specialTokens: [], maximumPieces: 0 });
    const config = mid({ vocabularySize: tokenizer.vocabularySize, maxPositionEmbeddings: 256 });
    const peak = await peakOf(async () => {
      const decoder = createDecoder({ config, random: createRandom(1) });
      const sampler = createSampler({ decoder, tokenizer, slots: 8 });
      const random = createRandom(2);
      await sampler.generate(
        Array.from({ length: 8 }, (_, index) => ({
          id: `${index}`,
          contextTokenIds: Array.from({ length: 250 }, (_, position) => (position * (index + 3)) % 250),
          maxTokens: 6,
          temperature: 1,
          random: random.split(index),
        })),
      );
      sampler.dispose();
      decoder.dispose();
    });
    within(
      tensors(estimateModelMemory({ config, engine: 'wasm', mode: 'sample', batchSize: 8, sequenceLength: 256 })),
      peak,
    );
  });
});
