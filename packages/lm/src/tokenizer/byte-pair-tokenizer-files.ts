import { ModelError } from '@dgpo/trajectory';
import { bytesToAlphabet } from './byte-alphabet.js';
import type { BytePairTokenizer } from './byte-pair-tokenizer.js';
import type { Tokenizer } from './tokenizer.js';

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

/** Whether a tokenizer carries its model with it. */
export const isBytePairTokenizer = (tokenizer: Tokenizer): tokenizer is BytePairTokenizer => 'model' in tokenizer;

/**
 * The files `tokenizer.json` and `tokenizer_config.json` of a byte-level BPE tokenizer.
 * @param where the folder, for errors
 * @throws {ModelError} when a special token is spelled like a piece.
 */
export function bytePairTokenizerFiles(tokenizer: BytePairTokenizer, where: string): Map<string, Uint8Array> {
  const { model, vocabularySize, specialTokens } = tokenizer;
  const nameOf = new Map(Object.entries(specialTokens).map(([name, id]) => [id, name]));
  const spelled = Array.from(
    { length: vocabularySize },
    (_, id) => nameOf.get(id) ?? bytesToAlphabet(tokenizer.tokenBytes(id)),
  );
  if (new Set(spelled).size !== spelled.length) {
    throw new ModelError('a special token is spelled like a piece of the vocabulary; rename it', { where });
  }
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const added = [...nameOf].sort(([a], [b]) => a - b).map(([id, content]) => ({ id, content, ...flags }));
  const tokenizerJson = {
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
      vocab: Object.fromEntries(spelled.map((text, id) => [text, id])),
      merges: model.merges.map((pair) => pair.map((id) => spelled[id]).join(' ')),
    },
  };
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    eos_token: model.endOfTextToken,
    pad_token: model.padToken,
    added_tokens_decoder: Object.fromEntries(added.map(({ id, ...token }) => [id, token])),
    clean_up_tokenization_spaces: false,
  };
  const files = { 'tokenizer.json': tokenizerJson, 'tokenizer_config.json': config };
  return new Map(
    Object.entries(files).map(([name, content]) => [
      name,
      new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`),
    ]),
  );
}
