import { ModelError } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { type RopeScaling, rotaryFrequencies } from '../../ops/rotary-table.js';
import type { GgufValue } from '../../weights/gguf/metadata-value.js';
import { ggufConfig } from './gguf-config.js';
import { scalingOfFactors } from './rope-factors.js';

/** As in the file of SmolLM2-135M-Instruct. */
const smollm2 = {
  'general.architecture': 'llama',
  'general.file_type': 3,
  'llama.block_count': 30,
  'llama.context_length': 8192,
  'llama.embedding_length': 576,
  'llama.feed_forward_length': 1536,
  'llama.attention.head_count': 9,
  'llama.attention.head_count_kv': 3,
  'llama.rope.freq_base': 100000,
  'llama.attention.layer_norm_rms_epsilon': Math.fround(1e-5),
  'llama.vocab_size': 49152,
  'llama.rope.dimension_count': 64,
  'tokenizer.ggml.model': 'gpt2',
};

const read = (change: Record<string, GgufValue | undefined> = {}) => {
  const metadata = new Map<string, GgufValue>();
  for (const [key, value] of Object.entries({ ...smollm2, ...change })) {
    if (value !== undefined) metadata.set(key, value);
  }
  return ggufConfig({ metadata, vocabularySize: 49152, tieWordEmbeddings: true, where: 'a.gguf' });
};

describe('ggufConfig', () => {
  test('reads the sizes, and the epsilon as the decimal that it was', () => {
    expect(read()).toEqual({
      modelType: 'llama',
      vocabularySize: 49152,
      hiddenSize: 576,
      intermediateSize: 1536,
      numHiddenLayers: 30,
      numAttentionHeads: 9,
      numKeyValueHeads: 3,
      headDim: 64,
      maxPositionEmbeddings: 8192,
      ropeTheta: 100000,
      ropeScaling: null,
      normEps: 1e-5,
      hiddenAct: 'silu',
      tieWordEmbeddings: true,
    });
  });

  test('reads linear scaling under its key and the older one, and sizes given per layer', () => {
    const linear = { type: 'linear', factor: 4 };
    expect(read({ 'llama.rope.scaling.type': 'linear', 'llama.rope.scaling.factor': 4 }).ropeScaling).toEqual(linear);
    expect(read({ 'llama.rope.scale_linear': 4 }).ropeScaling).toEqual(linear);
    expect(read({ 'llama.rope.scaling.type': 'none', 'llama.rope.scaling.finetuned': true }).ropeScaling).toBeNull();
    expect(read({ 'llama.feed_forward_length': [1536, 1536] }).intermediateSize).toBe(1536);
    expect(read({ 'llama.expert_count': 0 })).toEqual(read());
  });

  test.each([
    [{ 'general.architecture': 'gemma3' }, 'general.architecture is "gemma3"; supported are llama, qwen2, qwen3, gpt2'],
    [{ 'general.architecture': undefined }, 'general.architecture is missing'],
    [{ 'llama.block_count': undefined }, 'llama.block_count is missing; it is needed'],
    [{ 'llama.block_count': '30' }, 'llama.block_count is "30"; it has to be a number'],
    [{ 'llama.feed_forward_length': [1536, 768] }, 'llama.feed_forward_length is [1536,768]; layers that differ'],
    [{ 'llama.attention.sliding_window': 512 }, 'llama.attention.sliding_window is 512, which may change the mathem'],
    [{ 'llama.attention.causal': false }, 'llama.attention.causal is false'],
    [{ 'llama.expert_count': 8 }, 'llama.expert_count is 8'],
    [{ 'llama.logit_scale': 0.5 }, 'llama.logit_scale is 0.5'],
    [{ 'llama.rope.dimension_count': 32 }, 'llama.rope.dimension_count is 32; only 64, all dimensions of a head'],
    [{ 'llama.attention.value_length': 32 }, 'llama.attention.value_length is 32; only 64'],
    [{ 'llama.vocab_size': 5 }, 'llama.vocab_size is 5; only 49152'],
    [{ 'llama.rope.scaling.type': 'yarn' }, 'llama.rope.scaling.type is "yarn"; only none and linear'],
    [{ 'llama.rope.scaling.type': 'linear' }, 'llama.rope.scaling.factor is missing'],
    [{ 'llama.attention.head_count_kv': 2 }, 'must be a multiple of numKeyValueHeads'],
  ])('with %o it names the key', (change, message) => {
    expect(() => read(change)).toThrow(ModelError);
    expect(() => read(change)).toThrow(message);
  });
});

describe('rope_freqs.weight', () => {
  /** What llama.cpp stores for a scaling. */
  function factorsOf(scaling: RopeScaling, headDim: number, theta: number): Float32Array {
    const plain = rotaryFrequencies({ headDim, theta, scaling: null });
    const scaled = rotaryFrequencies({ headDim, theta, scaling });
    return Float32Array.from(plain, (frequency, index) => frequency / (scaled[index] as number));
  }
  const of = (factors: Float32Array) => scalingOfFactors({ factors, headDim: 64, ropeTheta: 500_000, where: 'a.gguf' });

  test.each([8, 32])('gives back the scaling of Llama 3 with factor %d', (factor) => {
    const scaling = {
      type: 'llama3',
      factor,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositionEmbeddings: 8192,
    } as const;
    expect(of(factorsOf(scaling, 64, 500_000))).toEqual(scaling);
  });

  test('of ones is no scaling, others are refused', () => {
    expect(of(new Float32Array(32).fill(1))).toBeNull();
    const message = 'the factors in "rope_freqs.weight" are not those of a llama3 scaling';
    expect(() => of(Float32Array.from({ length: 32 }, (_, index) => 1 + index / 10))).toThrow(message);
    expect(() => of(new Float32Array(31).fill(1))).toThrow(message);
  });
});
