import { ModelError } from '@dgpo/trajectory';
import { type DecoderConfig, decoderConfig } from './decoder-config.js';

/** The fields of a Llama `config.json` that define the mathematics here. */
const names: Record<keyof DecoderConfig, string> = {
  vocabularySize: 'vocab_size',
  hiddenSize: 'hidden_size',
  intermediateSize: 'intermediate_size',
  numHiddenLayers: 'num_hidden_layers',
  numAttentionHeads: 'num_attention_heads',
  numKeyValueHeads: 'num_key_value_heads',
  headDim: 'head_dim',
  maxPositionEmbeddings: 'max_position_embeddings',
  ropeTheta: 'rope_theta',
  rmsNormEps: 'rms_norm_eps',
};

/** A decoder's sizes as Hugging Face's `config.json` for `LlamaForCausalLM`. */
export function toConfigJson(config: DecoderConfig, tokens: { endOfTextId: number; padId: number }): object {
  const sizes = Object.fromEntries(
    (Object.keys(names) as (keyof DecoderConfig)[]).map((key) => [names[key], config[key]]),
  );
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    ...sizes,
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: true,
    eos_token_id: tokens.endOfTextId,
    pad_token_id: tokens.padId,
    torch_dtype: 'float32',
  };
}

/**
 * Reads the sizes of a Llama `config.json`.
 *
 * @throws ModelError naming a field that is missing or that asks for mathematics this decoder does not have
 */
export function fromConfigJson(value: unknown, where: string): DecoderConfig {
  if (typeof value !== 'object' || value === null) throw new ModelError('is not a JSON object', { where });
  const json = value as Record<string, unknown>;
  const required: Record<string, unknown> = { model_type: 'llama', tie_word_embeddings: true };
  // What Hugging Face takes for granted when a file, often an older one, does not say.
  const defaults: Record<string, unknown> = { hidden_act: 'silu', attention_bias: false, mlp_bias: false };
  for (const [field, expected] of Object.entries({ ...required, ...defaults })) {
    if (json[field] === undefined && field in defaults) continue;
    if (json[field] !== expected) {
      throw new ModelError(
        `${field} is ${JSON.stringify(json[field])}; only ${JSON.stringify(expected)} is supported`,
        { where },
      );
    }
  }
  if (json.rope_scaling !== undefined && json.rope_scaling !== null) {
    throw new ModelError('rope_scaling is not supported', { where });
  }
  const config: Partial<Record<keyof DecoderConfig, number>> = {};
  for (const [key, field] of Object.entries(names) as [keyof DecoderConfig, string][]) {
    const size = json[field];
    if (size === undefined && (key === 'headDim' || key === 'numKeyValueHeads')) continue;
    if (typeof size !== 'number') throw new ModelError(`${field} is missing or not a number`, { where });
    config[key] = size;
  }
  return decoderConfig(config as DecoderConfig);
}
