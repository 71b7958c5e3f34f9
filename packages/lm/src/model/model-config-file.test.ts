import { ModelError } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { decoderConfig } from './decoder-config.js';
import { fromConfigJson, generationConfigJson, toConfigJson } from './model-config-file.js';
import { parameterCount } from './parameter-shapes.js';

const tokens = { endOfTextIds: [1], padId: 0 };

/** As written in the repositories of Qwen2.5-0.5B-Instruct, Llama-3.2-1B, Qwen3-0.6B and gpt2, with smaller sizes. */
const sizes = {
  hidden_act: 'silu',
  hidden_size: 16,
  intermediate_size: 24,
  max_position_embeddings: 64,
  num_attention_heads: 4,
  num_hidden_layers: 2,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  vocab_size: 80,
};
const qwen2 = {
  ...sizes,
  architectures: ['Qwen2ForCausalLM'],
  attention_dropout: 0.0,
  max_window_layers: 21,
  model_type: 'qwen2',
  rope_theta: 1_000_000.0,
  sliding_window: 32768,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  use_cache: true,
  use_sliding_window: false,
};
const llama = {
  ...sizes,
  architectures: ['LlamaForCausalLM'],
  attention_bias: false,
  attention_dropout: 0.0,
  bos_token_id: 3,
  eos_token_id: [4, 5, 6],
  head_dim: 4,
  mlp_bias: false,
  model_type: 'llama',
  pretraining_tp: 1,
  rope_scaling: {
    factor: 32.0,
    high_freq_factor: 4.0,
    low_freq_factor: 1.0,
    original_max_position_embeddings: 32,
    rope_type: 'llama3',
  },
  rope_theta: 500000.0,
  tie_word_embeddings: true,
};
const qwen3 = {
  ...sizes,
  attention_bias: false,
  head_dim: 8,
  model_type: 'qwen3',
  rope_scaling: null,
  rope_theta: 1000000,
  sliding_window: null,
  tie_word_embeddings: false,
  use_sliding_window: false,
};
const gpt2 = {
  activation_function: 'gelu_new',
  attn_pdrop: 0.1,
  embd_pdrop: 0.1,
  layer_norm_epsilon: 1e-5,
  model_type: 'gpt2',
  n_ctx: 64,
  n_embd: 16,
  n_head: 4,
  n_layer: 2,
  n_positions: 64,
  resid_pdrop: 0.1,
  task_specific_params: { 'text-generation': { do_sample: true, max_length: 50 } },
  vocab_size: 80,
};

const common = {
  vocabularySize: 80,
  hiddenSize: 16,
  intermediateSize: 24,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  headDim: 4,
  maxPositionEmbeddings: 64,
  ropeScaling: null,
  normEps: 1e-6,
  hiddenAct: 'silu',
  tieWordEmbeddings: true,
};
const llama3 = {
  type: 'llama3',
  factor: 32,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalMaxPositionEmbeddings: 32,
};

describe('config.json', () => {
  test.each([
    [qwen2, { ...common, modelType: 'qwen2', ropeTheta: 1_000_000 }],
    [llama, { ...common, modelType: 'llama', ropeTheta: 500_000, ropeScaling: llama3 }],
    [qwen3, { ...common, modelType: 'qwen3', headDim: 8, ropeTheta: 1_000_000, tieWordEmbeddings: false }],
    [
      gpt2,
      {
        ...common,
        modelType: 'gpt2',
        intermediateSize: 64,
        numKeyValueHeads: 4,
        ropeTheta: 10_000,
        normEps: 1e-5,
        hiddenAct: 'gelu_new',
      },
    ],
  ])('of $model_type is read, and written so that it is read again', (json, expected) => {
    const config = fromConfigJson(json, 'here');
    expect(config).toEqual(expected);
    const written = JSON.parse(JSON.stringify(toConfigJson(config, { tokens })));
    expect(written.model_type).toBe(json.model_type);
    expect(fromConfigJson(written, 'here')).toEqual(config);
  });

  test('rotary parameters are read in the old form, the older one and the new one', () => {
    const { rope_theta, rope_scaling, ...rest } = llama;
    const { rope_type, ...factors } = rope_scaling;
    const expected = fromConfigJson(llama, 'here');
    expect(fromConfigJson({ ...rest, rope_theta, rope_scaling: { type: rope_type, ...factors } }, 'here')).toEqual(
      expected,
    );
    expect(fromConfigJson({ ...rest, rope_parameters: { rope_theta, ...rope_scaling } }, 'here')).toEqual(expected);
    expect(fromConfigJson({ ...llama, rope_parameters: { rope_theta, ...rope_scaling } }, 'here')).toEqual(expected);
    const plain = fromConfigJson({ ...rest, rope_parameters: { rope_type: 'default', rope_theta: 7 } }, 'here');
    expect([plain.ropeTheta, plain.ropeScaling]).toEqual([7, null]);
    expect(fromConfigJson(rest, 'here').ropeTheta).toBe(10_000);
    const linear = fromConfigJson({ ...rest, rope_scaling: { type: 'linear', factor: 2 } }, 'here');
    expect(linear.ropeScaling).toEqual({ type: 'linear', factor: 2 });
  });

  test('what transformers takes for granted: head_dim null or absent, ties, activation', () => {
    const { head_dim, tie_word_embeddings, ...rest } = llama;
    expect(fromConfigJson({ ...rest, head_dim: null }, 'here').headDim).toBe(4);
    expect(fromConfigJson(rest, 'here')).toMatchObject({ headDim: 4, tieWordEmbeddings: false });
    expect(fromConfigJson({ ...gpt2, activation_function: undefined }, 'here')).toMatchObject({
      hiddenAct: 'gelu_new',
      tieWordEmbeddings: true,
    });
    expect(fromConfigJson({ ...gpt2, activation_function: 'gelu', n_inner: 24 }, 'here')).toMatchObject({
      hiddenAct: 'gelu',
      intermediateSize: 24,
    });
  });

  test.each([
    [llama, { model_type: 'gemma2' }, 'model_type is "gemma2"; supported are llama, qwen2, qwen3, gpt2'],
    [llama, { model_type: 'toString' }, 'model_type is "toString"'],
    [llama, { hidden_act: 'gelu' }, 'hidden_act is "gelu"; only "silu" is supported'],
    [llama, { attention_bias: true }, 'attention_bias is true; only false is supported'],
    [llama, { mlp_bias: true }, 'mlp_bias is true'],
    [llama, { sliding_window: 4096 }, 'sliding_window is 4096; only null is supported'],
    [llama, { partial_rotary_factor: 0.5 }, 'partial_rotary_factor is 0.5; only 1 is supported'],
    [llama, { final_logit_softcapping: 30 }, 'final_logit_softcapping is 30; this is not supported'],
    [llama, { quantization_config: { bits: 4 } }, 'quantization_config is {"bits":4}; this is not supported'],
    [llama, { num_key_value_heads: '2' }, 'num_key_value_heads is missing or not a number'],
    [llama, { tie_word_embeddings: 'yes' }, 'tie_word_embeddings is neither true nor false'],
    [llama, { rope_theta: '5' }, 'rope_theta is missing or not a number'],
    [llama, { rope_parameters: { rope_theta: 4, ...llama.rope_scaling } }, 'rope_theta is given as 4 and as 500000'],
    [llama, { rope_parameters: { rope_type: 'default' } }, 'rope_parameters and rope_scaling contradict each other'],
    [llama, { rope_scaling: 'linear' }, 'rope_scaling is not an object'],
    [
      llama,
      { rope_scaling: { rope_type: 'yarn', factor: 4 } },
      'rope_scaling.rope_type is "yarn"; only default, linear',
    ],
    [llama, { rope_scaling: { type: 'linear' } }, 'rope_scaling.factor is missing or not a number'],
    [llama, { rope_scaling: { type: 'linear', factor: 0 } }, 'ropeScaling.factor must be a positive number, not 0'],
    [qwen2, { rope_scaling: { type: 'default', mrope_section: [1] } }, 'rope_scaling.mrope_section is [1]'],
    [qwen2, { use_sliding_window: true }, 'use_sliding_window is true; only false is supported'],
    [qwen2, { layer_types: ['full_attention', 'sliding_attention'] }, 'layer_types is ["full_attention","sliding_'],
    [qwen3, { attention_bias: true }, 'attention_bias is true'],
    [qwen3, { head_dim: null }, 'head_dim is missing or not a number'],
    [qwen3, { num_experts: 128 }, 'num_experts is 128'],
    [gpt2, { activation_function: 'relu' }, 'activation_function is "relu"; only "gelu_new" and "gelu" are supported'],
    [gpt2, { scale_attn_weights: false }, 'scale_attn_weights is false; only true is supported'],
    [gpt2, { scale_attn_by_inverse_layer_idx: true }, 'scale_attn_by_inverse_layer_idx is true'],
    [
      llama,
      { attn_temperature_tuning: 4 },
      'unknown field "attn_temperature_tuning" (4): it may change the mathematics',
    ],
    [gpt2, { rope_theta: 10_000 }, 'unknown field "rope_theta" (10000)'],
    [gpt2, { auto_map: { AutoModel: 'model.py' } }, 'unknown field "auto_map" ({"AutoModel":"model.py"})'],
    [qwen2, { use_mrope: true }, 'use_mrope is true; only false'],
    [llama, { rope_interleaved: true }, 'rope_interleaved is true; only false'],
    [llama, { rope_scaling: { type: 'dynamic', factor: 2 } }, 'rope_scaling.rope_type is "dynamic"'],
    [gpt2, { n_embd: undefined }, 'n_embd is missing or not a number'],
  ])('of %o with %o is refused by name', (json, change, message) => {
    const changed = { ...json, ...change };
    expect(() => fromConfigJson(changed, 'here')).toThrow(ModelError);
    expect(() => fromConfigJson(changed, 'here')).toThrow(message);
  });
});

/** The files of the repositories, word for word in what they say. */
const published = {
  'Llama-3.2-1B': {
    architectures: ['LlamaForCausalLM'],
    attention_bias: false,
    attention_dropout: 0.0,
    bos_token_id: 128000,
    eos_token_id: 128001,
    head_dim: 64,
    hidden_act: 'silu',
    hidden_size: 2048,
    initializer_range: 0.02,
    intermediate_size: 8192,
    max_position_embeddings: 131072,
    mlp_bias: false,
    model_type: 'llama',
    num_attention_heads: 32,
    num_hidden_layers: 16,
    num_key_value_heads: 8,
    pretraining_tp: 1,
    rms_norm_eps: 1e-5,
    rope_scaling: {
      factor: 32.0,
      high_freq_factor: 4.0,
      low_freq_factor: 1.0,
      original_max_position_embeddings: 8192,
      rope_type: 'llama3',
    },
    rope_theta: 500000.0,
    tie_word_embeddings: true,
    torch_dtype: 'bfloat16',
    transformers_version: '4.45.0.dev0',
    use_cache: true,
    vocab_size: 128256,
  },
  'Qwen2.5-0.5B-Instruct': {
    architectures: ['Qwen2ForCausalLM'],
    attention_dropout: 0.0,
    bos_token_id: 151643,
    eos_token_id: 151645,
    hidden_act: 'silu',
    hidden_size: 896,
    initializer_range: 0.02,
    intermediate_size: 4864,
    max_position_embeddings: 32768,
    max_window_layers: 21,
    model_type: 'qwen2',
    num_attention_heads: 14,
    num_hidden_layers: 24,
    num_key_value_heads: 2,
    rms_norm_eps: 1e-6,
    rope_theta: 1000000.0,
    sliding_window: 32768,
    tie_word_embeddings: true,
    torch_dtype: 'bfloat16',
    transformers_version: '4.43.1',
    use_cache: true,
    use_sliding_window: false,
    vocab_size: 151936,
  },
  'Qwen3-0.6B': {
    architectures: ['Qwen3ForCausalLM'],
    attention_bias: false,
    attention_dropout: 0.0,
    bos_token_id: 151643,
    eos_token_id: 151645,
    head_dim: 128,
    hidden_act: 'silu',
    hidden_size: 1024,
    initializer_range: 0.02,
    intermediate_size: 3072,
    max_position_embeddings: 40960,
    max_window_layers: 28,
    model_type: 'qwen3',
    num_attention_heads: 16,
    num_hidden_layers: 28,
    num_key_value_heads: 8,
    rms_norm_eps: 1e-6,
    rope_scaling: null,
    rope_theta: 1000000,
    sliding_window: null,
    tie_word_embeddings: true,
    torch_dtype: 'bfloat16',
    transformers_version: '4.51.0',
    use_cache: true,
    use_sliding_window: false,
    vocab_size: 151936,
  },
  'SmolLM2-135M-Instruct': {
    architectures: ['LlamaForCausalLM'],
    attention_bias: false,
    attention_dropout: 0.0,
    bos_token_id: 1,
    eos_token_id: 2,
    hidden_act: 'silu',
    hidden_size: 576,
    initializer_range: 0.041666666666666664,
    intermediate_size: 1536,
    is_llama_config: true,
    max_position_embeddings: 8192,
    mlp_bias: false,
    model_type: 'llama',
    num_attention_heads: 9,
    num_hidden_layers: 30,
    num_key_value_heads: 3,
    pad_token_id: 2,
    pretraining_tp: 1,
    rms_norm_eps: 1e-5,
    rope_interleaved: false,
    rope_scaling: null,
    rope_theta: 100000,
    tie_word_embeddings: true,
    torch_dtype: 'bfloat16',
    'transformers.js_config': { kv_cache_dtype: { q4f16: 'float16', fp16: 'float16' } },
    transformers_version: '4.42.3',
    use_cache: true,
    vocab_size: 49152,
  },
  gpt2: {
    activation_function: 'gelu_new',
    architectures: ['GPT2LMHeadModel'],
    attn_pdrop: 0.1,
    bos_token_id: 50256,
    embd_pdrop: 0.1,
    eos_token_id: 50256,
    initializer_range: 0.02,
    layer_norm_epsilon: 1e-5,
    model_type: 'gpt2',
    n_ctx: 1024,
    n_embd: 768,
    n_head: 12,
    n_layer: 12,
    n_positions: 1024,
    resid_pdrop: 0.1,
    summary_activation: null,
    summary_first_dropout: 0.1,
    summary_proj_to_labels: true,
    summary_type: 'cls_index',
    summary_use_proj: true,
    task_specific_params: { 'text-generation': { do_sample: true, max_length: 50 } },
    vocab_size: 50257,
  },
};

describe('the published config.json of', () => {
  // Parameters as their model cards count them.
  test.each([
    ['Llama-3.2-1B', 1_235_814_400],
    ['Qwen2.5-0.5B-Instruct', 494_032_768],
    ['Qwen3-0.6B', 596_049_920],
    ['SmolLM2-135M-Instruct', 134_515_008],
    ['gpt2', 124_439_808],
  ] as const)('%s is read', (name, parameters) => {
    const config = fromConfigJson(published[name], name);
    expect(parameterCount(config)).toBe(parameters);
    expect(fromConfigJson(JSON.parse(JSON.stringify(toConfigJson(config, { tokens }))), name)).toEqual(config);
  });
});

test('config.json and generation_config.json say the tokens and the type of the weights', () => {
  const config = fromConfigJson(llama, 'here');
  const special = { endOfTextIds: [7, 9], padId: 8, beginOfTextId: 6 };
  const ids = { bos_token_id: 6, eos_token_id: [7, 9], pad_token_id: 8 };
  expect(toConfigJson(config, { tokens: special, dtype: 'BF16' })).toMatchObject({ ...ids, torch_dtype: 'bfloat16' });
  expect(generationConfigJson('llama', special)).toEqual(ids);
  expect(generationConfigJson('llama', tokens)).toEqual({ eos_token_id: 1, pad_token_id: 0 });
  expect(generationConfigJson('gpt2', tokens)).toEqual({ bos_token_id: 1, eos_token_id: 1, pad_token_id: 0 });
});

describe('decoderConfig', () => {
  const options = { vocabularySize: 80, hiddenSize: 16, numHiddenLayers: 2, numAttentionHeads: 4 };

  test('fills in the usual values of GPT-2', () => {
    expect(decoderConfig({ ...options, modelType: 'gpt2' })).toMatchObject({
      intermediateSize: 64,
      numKeyValueHeads: 4,
      headDim: 4,
      hiddenAct: 'gelu_new',
      tieWordEmbeddings: true,
    });
  });

  test.each([
    [{ modelType: 'mamba' as 'llama' }, 'modelType must be one of llama, qwen2, qwen3, gpt2, not mamba'],
    [{ modelType: 'gpt2' as const, hiddenAct: 'silu' as const }, 'hiddenAct "silu" is none of gpt2'],
    [{ hiddenAct: 'gelu' as const }, 'hiddenAct "gelu" is none of llama'],
    [{ modelType: 'gpt2' as const, numKeyValueHeads: 2 }, 'as many key-value heads as heads'],
    [{ modelType: 'gpt2' as const, headDim: 8 }, 'make up hiddenSize (16)'],
    [
      { modelType: 'gpt2' as const, ropeScaling: { type: 'linear' as const, factor: 2 } },
      'gpt2 has no rotary positions that ropeScaling could scale',
    ],
    [
      {
        ropeScaling: {
          type: 'llama3' as const,
          factor: 8,
          lowFreqFactor: 4,
          highFreqFactor: 4,
          originalMaxPositionEmbeddings: 32,
        },
      },
      'ropeScaling.highFreqFactor (4) must be greater than lowFreqFactor (4)',
    ],
  ])('refuses %o', (change, message) => {
    expect(() => decoderConfig({ ...options, ...change })).toThrow(ModelError);
    expect(() => decoderConfig({ ...options, ...change })).toThrow(message);
  });
});
