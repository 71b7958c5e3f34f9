import { ModelError } from '@dgpo/trajectory';

type Json = Record<string, unknown>;

/**
 * Fields of related models that would change the mathematics, with the one value under which they do not, if there is one. Dropout is
 * none of them: nothing here trains with dropout.
 */
const foreign: Json = {
  add_cross_attention: false,
  attention_bias: false,
  attention_chunk_size: undefined,
  attention_multiplier: undefined,
  attn_logit_softcapping: undefined,
  clip_qkv: undefined,
  embedding_multiplier: 1,
  final_logit_softcapping: undefined,
  is_encoder_decoder: false,
  logit_scale: 1,
  logits_scaling: 1,
  mlp_bias: false,
  no_rope_layers: undefined,
  num_experts: undefined,
  num_local_experts: undefined,
  partial_rotary_factor: 1,
  quantization_config: undefined,
  query_pre_attn_scalar: undefined,
  residual_multiplier: 1,
  rope_interleaved: false,
  use_bidirectional_attention: false,
  use_mrope: false,
  use_sliding_window: false,
};

/** Fields that say nothing about what a forward pass computes from given weights. */
const harmless = new Set([
  // What the file is and who wrote it.
  ...['architectures', '_name_or_path', '_commit_hash', 'transformers_version', 'torch_dtype', 'dtype', 'use_bfloat16'],
  ...['transformers.js_config', 'is_llama_config', 'unsloth_fixed', 'unsloth_version', 'tokenizer_class'],
  // Tokens that begin, end and fill a text.
  ...['bos_token_id', 'eos_token_id', 'pad_token_id', 'unk_token_id', 'sep_token_id', 'decoder_start_token_id'],
  // How weights begin and how training drops values.
  ...['initializer_range', 'attention_dropout', 'hidden_dropout', 'attn_pdrop', 'embd_pdrop', 'resid_pdrop'],
  // How transformers computes the same: in pieces, in which precision, with which kernel.
  ...['use_cache', 'gradient_checkpointing', 'pretraining_tp', 'chunk_size_feed_forward', 'reorder_and_upcast_attn'],
  ...['_attn_implementation', '_attn_implementation_autoset', 'attn_implementation', 'torchscript'],
  // What is returned, and heads of other tasks.
  ...['output_attentions', 'output_hidden_states', 'output_scores', 'return_dict', 'return_dict_in_generate'],
  ...['id2label', 'label2id', '_num_labels', 'num_labels', 'problem_type', 'finetuning_task', 'task_specific_params'],
  ...['summary_activation', 'summary_first_dropout', 'summary_proj_to_labels', 'summary_type', 'summary_use_proj'],
  // Sampling, which older files hold too.
  ...['do_sample', 'max_length', 'min_length', 'temperature', 'top_k', 'top_p', 'repetition_penalty', 'num_beams'],
  // Without a window, from which layer on there would be one.
  'max_window_layers',
  // GPT-2: again n_positions, and what its authors left in the file.
  ...['n_ctx', 'n_special', 'predict_special_tokens'],
]);

/**
 * Checks every field that is not a size: those in `fixed` have one supported value, those in `read` are read elsewhere.
 *
 * @throws ModelError naming a field with another value, and one that is not known here
 */
export function checkFields(options: { json: Json; fixed: Json; read: ReadonlySet<string>; where: string }): void {
  const { json, fixed, read, where } = options;
  const refuse = (field: string, supported: unknown) => {
    const only = supported === undefined ? 'this is not supported' : `only ${JSON.stringify(supported)} is supported`;
    throw new ModelError(`${field} is ${JSON.stringify(json[field])}; ${only}`, { where });
  };
  const single: Json = { ...foreign, ...fixed };
  for (const [field, value] of Object.entries(json)) {
    // Null stands for a field that is not there.
    if (value == null || read.has(field) || harmless.has(field)) continue;
    if (Object.hasOwn(single, field)) {
      if (value !== single[field]) refuse(field, single[field]);
    } else if (field === 'sliding_window') {
      // Qwen writes the width of a window that use_sliding_window then leaves unused.
      if (!Object.hasOwn(fixed, 'use_sliding_window')) refuse(field, null);
    } else if (field === 'layer_types') {
      if (!Array.isArray(value) || value.some((type) => type !== 'full_attention')) refuse(field, 'full_attention');
    } else {
      throw new ModelError(
        `unknown field ${JSON.stringify(field)} (${JSON.stringify(value)}): it may change the mathematics; if you know that it does not, remove it from the file`,
        { where },
      );
    }
  }
}
