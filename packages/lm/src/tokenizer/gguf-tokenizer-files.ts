import type { GgufValue } from '../weights/gguf/metadata-value.js';

export function ggufTokenizerFiles(metadata: ReadonlyMap<string, GgufValue>): {
  tokenizerJson: object;
  tokenizerConfig: object;
} {
  const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
  const merges = metadata.get('tokenizer.ggml.merges') as string[];
  const types = metadata.get('tokenizer.ggml.token_type') as number[];
  const eos = metadata.get('tokenizer.ggml.eos_token_id') as number;
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const added = tokens.flatMap((content, id) =>
    types[id] === 3 || types[id] === 4 ? [{ id, content, ...flags }] : [],
  );
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    tokenizerJson: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: null,
      decoder: byteLevel,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(tokens.map((text, id) => [text, id])),
        merges,
      },
    },
    tokenizerConfig: { eos_token: tokens[eos], tokenizer_class: 'PreTrainedTokenizerFast' },
  };
}
