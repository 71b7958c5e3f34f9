import { Tokenizer } from '@huggingface/tokenizers';

interface Pattern {
  Regex?: string;
  String?: string;
}

/** The normalizers of a `tokenizer.json` that are used here. */
export type NormalizerConfig =
  | { type: 'NFC' | 'NFD' | 'NFKC' | 'NFKD' }
  | { type: 'Prepend'; prepend: string }
  | { type: 'Replace'; pattern: Pattern; content: string };

/** The pre-tokenizers of a `tokenizer.json` that are used here. */
export type PreTokenizerConfig =
  | { type: 'ByteLevel'; add_prefix_space: false; use_regex: false }
  | { type: 'Metaspace'; replacement: string; prepend_scheme: 'always' | 'first' | 'never' }
  | { type: 'Split'; pattern: Pattern; behavior: 'Isolated' | 'Removed'; invert: boolean };

export interface BpeConfig {
  type: 'BPE';
  vocab: Record<string, number>;
  merges: [string, string][];
  unk_token: string | null;
  byte_fallback: boolean;
  ignore_merges: boolean;
  fuse_unk: boolean;
}

interface LibraryOptions {
  normalizers?: NormalizerConfig[];
  preTokenizers?: PreTokenizerConfig[];
  model?: BpeConfig;
}

/** The parts of a tokenizer of `@huggingface/tokenizers`, whose own declarations do not resolve under Node's rules. */
interface LibraryTokenizer {
  normalizer: { normalize(text: string): string };
  pre_tokenizer: { pre_tokenize(text: string, options: { section_index: number }): string[] };
  model: { _call(words: string[]): string[] };
}

const noModel: BpeConfig = {
  type: 'BPE',
  vocab: {},
  merges: [],
  unk_token: null,
  byte_fallback: false,
  ignore_merges: false,
  fuse_unk: false,
};

/** Makes the steps of a tokenizer; added tokens, post-processing and decoding are done here. */
export function createLibraryTokenizer(options: LibraryOptions): LibraryTokenizer {
  const { normalizers = [], preTokenizers = [], model = noModel } = options;
  const tokenizerJson = {
    added_tokens: [],
    normalizer: { type: 'Sequence', normalizers },
    pre_tokenizer: { type: 'Sequence', pretokenizers: preTokenizers },
    model,
    post_processor: null,
    decoder: null,
  };
  return new Tokenizer(tokenizerJson, {});
}
