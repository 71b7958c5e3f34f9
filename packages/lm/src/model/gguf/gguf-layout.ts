import { type CheckpointTensor, checkpointLayout } from '../checkpoint-layout.js';
import type { DecoderConfig } from '../decoder-config.js';

/** Names of checkpoints, Llama's and GPT-2's, in those of llama.cpp. */
const names: [theirs: RegExp, llamaCpp: string][] = [
  [/^model\.embed_tokens\.|^transformer\.wte\./, 'token_embd.'],
  [/^transformer\.wpe\./, 'position_embd.'],
  [/^model\.norm\.|^transformer\.ln_f\./, 'output_norm.'],
  [/^lm_head\./, 'output.'],
  [/^model\.layers\.|^transformer\.h\./, 'blk.'],
  [/\.input_layernorm\.|\.ln_1\./, '.attn_norm.'],
  [/\.post_attention_layernorm\.|\.ln_2\./, '.ffn_norm.'],
  [/\.attn\.c_attn\./, '.attn_qkv.'],
  [/\.self_attn\.o_proj\.|\.attn\.c_proj\./, '.attn_output.'],
  [/\.self_attn\.([qkv])_proj\./, '.attn_$1.'],
  [/\.self_attn\.([qk])_norm\./, '.attn_$1_norm.'],
  [/\.mlp\.c_fc\./, '.ffn_up.'],
  [/\.mlp\.c_proj\./, '.ffn_down.'],
  [/\.mlp\.(gate|up|down)_proj\./, '.ffn_$1.'],
];

/**
 * llama.cpp interleaves the two halves of each head's queries and keys, since its rotation of the `llama` architecture turns neighbours:
 * the row of the half-split order for one of its own.
 */
function halfSplitRow(headDim: number): (stored: number) => number {
  return (stored) => {
    const inHead = stored % headDim;
    return stored - inHead + (inHead % 2) * (headDim / 2) + Math.floor(inHead / 2);
  };
}

/**
 * The tensors of a GGUF file of llama.cpp and where they lie in our parameters. Matrices are `[out, in]` there, those of GPT-2 too; a
 * value head is in no such file.
 *
 * Source: `TensorNameMap` of the Python package gguf, and `LlamaModel.permute` and `GPT2Model` of llama.cpp's convert_hf_to_gguf.py.
 */
export function ggufLayout(config: DecoderConfig): CheckpointTensor[] {
  const interleaved = config.modelType === 'llama';
  return checkpointLayout({ config, valueHead: false }).map((tensor) => ({
    ...tensor,
    name: names.reduce((renamed, [theirs, llamaCpp]) => renamed.replace(theirs, llamaCpp), tensor.name),
    shape: tensor.transposed ? [...tensor.shape].reverse() : tensor.shape,
    transposed: false,
    ...(interleaved && /\.[qk]_proj\./.test(tensor.name) ? { row: halfSplitRow(config.headDim) } : {}),
  }));
}
