/** `model_type` of Hugging Face's `config.json`. */
export type ModelType = 'llama' | 'qwen2' | 'qwen3' | 'gpt2';

/** What a decoder is made of. */
export interface Architecture {
  norm: 'rms' | 'layer';
  positions: 'rotary' | 'learned';
  /** Biases of queries, keys and values. */
  qkvBias: boolean;
  /** RMSNorm over every head of queries and of keys, before they are rotated. */
  qkNorm: boolean;
  /** Biases of the attention's output and of the MLP. */
  outputBias: boolean;
  /** `silu(gate) · up` instead of one activated projection. */
  gatedMlp: boolean;
}

const llama: Architecture = {
  norm: 'rms',
  positions: 'rotary',
  qkvBias: false,
  qkNorm: false,
  outputBias: false,
  gatedMlp: true,
};

export const architectures: Readonly<Record<ModelType, Architecture>> = {
  llama,
  qwen2: { ...llama, qkvBias: true },
  qwen3: { ...llama, qkNorm: true },
  gpt2: { norm: 'layer', positions: 'learned', qkvBias: true, qkNorm: false, outputBias: true, gatedMlp: false },
};
