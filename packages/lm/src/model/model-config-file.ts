import { ModelError } from '@dgpo/trajectory';
import { architectures, type ModelType } from './architecture.js';
import { checkFields } from './config-fields.js';
import { type DecoderConfig, type DecoderConfigOptions, decoderConfig } from './decoder-config.js';
import { fromRopeFields, toRopeScalingJson } from './rope-fields.js';
import type { SpecialIds } from './special-ids.js';

type Json = Record<string, unknown>;

type SizeKey =
  | 'vocabularySize'
  | 'hiddenSize'
  | 'intermediateSize'
  | 'numHiddenLayers'
  | 'numAttentionHeads'
  | 'numKeyValueHeads'
  | 'headDim'
  | 'maxPositionEmbeddings'
  | 'ropeTheta'
  | 'normEps';

/** Sizes in `config.json`, by ours. */
const llamaSizes: Record<SizeKey, string> = {
  vocabularySize: 'vocab_size',
  hiddenSize: 'hidden_size',
  intermediateSize: 'intermediate_size',
  numHiddenLayers: 'num_hidden_layers',
  numAttentionHeads: 'num_attention_heads',
  numKeyValueHeads: 'num_key_value_heads',
  headDim: 'head_dim',
  maxPositionEmbeddings: 'max_position_embeddings',
  ropeTheta: 'rope_theta',
  normEps: 'rms_norm_eps',
};

const gpt2Sizes: Partial<Record<SizeKey, string>> = {
  vocabularySize: 'vocab_size',
  hiddenSize: 'n_embd',
  intermediateSize: 'n_inner',
  numHiddenLayers: 'n_layer',
  numAttentionHeads: 'n_head',
  maxPositionEmbeddings: 'n_positions',
  normEps: 'layer_norm_epsilon',
};

interface ConfigFile {
  className: string;
  sizes: Partial<Record<SizeKey, string>>;
  /** Sizes that may be absent or null: they follow from others, `ropeTheta` from other fields. */
  optional: SizeKey[];
  /** Fields with one supported value, which Hugging Face takes for granted when a file does not say. */
  fixed: Json;
  /** What Hugging Face takes for granted. */
  tieWordEmbeddings: boolean;
}

const gated: ConfigFile = {
  className: 'LlamaForCausalLM',
  sizes: llamaSizes,
  optional: ['numKeyValueHeads', 'headDim', 'ropeTheta'],
  fixed: { hidden_act: 'silu', attention_bias: false, mlp_bias: false },
  tieWordEmbeddings: false,
};

const configFiles: Record<ModelType, ConfigFile> = {
  llama: gated,
  // The biases of Qwen2 are not a matter of its config.json.
  qwen2: { ...gated, className: 'Qwen2ForCausalLM', fixed: { hidden_act: 'silu', use_sliding_window: false } },
  qwen3: {
    ...gated,
    className: 'Qwen3ForCausalLM',
    // Without head_dim, Hugging Face takes 128 and not a share of the width.
    optional: ['numKeyValueHeads', 'ropeTheta'],
    fixed: { hidden_act: 'silu', attention_bias: false, use_sliding_window: false },
  },
  gpt2: {
    className: 'GPT2LMHeadModel',
    sizes: gpt2Sizes,
    optional: ['intermediateSize'],
    fixed: { scale_attn_weights: true, scale_attn_by_inverse_layer_idx: false, add_cross_attention: false },
    tieWordEmbeddings: true,
  },
};

/** Fields that are read beside the sizes. */
const otherFields: Record<'rotary' | 'learned', string[]> = {
  rotary: ['rope_theta', 'rope_scaling', 'rope_parameters'],
  learned: ['activation_function'],
};

const torchDtypes = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/** The ids as Hugging Face's files name them. */
function tokenIds(modelType: ModelType, tokens: SpecialIds): Json {
  // One token begins and ends a text in GPT-2, and its class supposes 50256 where a file does not say.
  const [first, ...others] = tokens.endOfTextIds;
  const begin = tokens.beginOfTextId ?? (modelType === 'gpt2' ? first : undefined);
  return {
    ...(begin === undefined ? {} : { bos_token_id: begin }),
    eos_token_id: others.length === 0 ? first : tokens.endOfTextIds,
    pad_token_id: tokens.padId,
  };
}

/** A decoder as Hugging Face's `config.json`, in the form that transformers 4 and 5 read. */
export function toConfigJson(
  config: DecoderConfig,
  options: {
    tokens: SpecialIds;
    /** Type of the weights beside it. @default 'F32' */
    dtype?: keyof typeof torchDtypes;
  },
): object {
  const { tokens, dtype = 'F32' } = options;
  const { modelType } = config;
  const { className, sizes, fixed } = configFiles[modelType];
  const scaling = toRopeScalingJson(config.ropeScaling);
  return {
    architectures: [className],
    model_type: modelType,
    ...Object.fromEntries(Object.entries(sizes).map(([key, field]) => [field, config[key as SizeKey]])),
    ...(modelType === 'gpt2' ? { activation_function: config.hiddenAct } : {}),
    ...(scaling === null ? {} : { rope_scaling: scaling }),
    ...fixed,
    ...('use_sliding_window' in fixed ? { sliding_window: null } : {}),
    tie_word_embeddings: config.tieWordEmbeddings,
    ...tokenIds(modelType, tokens),
    torch_dtype: torchDtypes[dtype],
  };
}

/** Hugging Face's `generation_config.json`: which tokens begin, end and pad a text. */
export function generationConfigJson(modelType: ModelType, tokens: SpecialIds): object {
  return tokenIds(modelType, tokens);
}

function fromGpt2Activation(json: Json, where: string): 'gelu_new' | 'gelu' {
  const activation = json.activation_function ?? 'gelu_new';
  if (activation === 'gelu_new' || activation === 'gelu') return activation;
  throw new ModelError(
    `activation_function is ${JSON.stringify(activation)}; only "gelu_new" and "gelu" are supported`,
    { where },
  );
}

/**
 * Reads Hugging Face's `config.json` of a model whose architecture is known here.
 *
 * @throws ModelError naming a field that is missing, that asks for mathematics this decoder does not have, or that is not known here
 */
export function fromConfigJson(value: unknown, where: string): DecoderConfig {
  if (typeof value !== 'object' || value === null) throw new ModelError('is not a JSON object', { where });
  const json = value as Json;
  const modelType = json.model_type as ModelType;
  if (typeof modelType !== 'string' || !Object.hasOwn(configFiles, modelType)) {
    throw new ModelError(
      `model_type is ${JSON.stringify(modelType)}; supported are ${Object.keys(configFiles).join(', ')}: choose a model of one of these`,
      { where },
    );
  }
  const { sizes, optional, fixed, tieWordEmbeddings } = configFiles[modelType];
  const { positions } = architectures[modelType];
  const read = new Set(['model_type', 'tie_word_embeddings', ...Object.values(sizes), ...otherFields[positions]]);
  checkFields({ json, fixed, read, where });
  const options: Partial<DecoderConfig> = { modelType };
  for (const [key, field] of Object.entries(sizes) as [SizeKey, string][]) {
    const size = json[field] ?? undefined;
    if (size === undefined && optional.includes(key)) continue;
    if (typeof size !== 'number') throw new ModelError(`${field} is missing or not a number`, { where });
    options[key] = size;
  }
  const tied = json.tie_word_embeddings ?? tieWordEmbeddings;
  if (typeof tied !== 'boolean') throw new ModelError('tie_word_embeddings is neither true nor false', { where });
  options.tieWordEmbeddings = tied;
  if (positions === 'rotary') Object.assign(options, fromRopeFields(json, where));
  else options.hiddenAct = fromGpt2Activation(json, where);
  return decoderConfig(options as DecoderConfigOptions);
}
