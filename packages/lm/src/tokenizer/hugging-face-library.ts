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
  | { type: 'Metaspace'; replacement: string; prepend_scheme: 'always' | 'first' | 'never' }
  | { type: 'Split'; pattern: Pattern; behavior: 'Isolated' | 'Removed'; invert: boolean };

interface LibraryOptions {
  normalizers: NormalizerConfig[];
  preTokenizers: PreTokenizerConfig[];
}

/** The parts of a tokenizer of `@huggingface/tokenizers`, whose own declarations do not resolve under Node's rules. */
interface LibraryTokenizer {
  normalizer: { normalize(text: string): string };
  pre_tokenizer: { pre_tokenize(text: string, options: { section_index: number }): string[] };
}

/** Makes the steps of a tokenizer; the model, added tokens and decoding are done here. */
export function createLibraryTokenizer(options: LibraryOptions): LibraryTokenizer {
  const { normalizers, preTokenizers } = options;
  const tokenizerJson = {
    added_tokens: [],
    normalizer: { type: 'Sequence', normalizers },
    pre_tokenizer: { type: 'Sequence', pretokenizers: preTokenizers },
    model: { type: 'BPE', vocab: {}, merges: [] },
    post_processor: null,
    decoder: null,
  };
  return new Tokenizer(tokenizerJson, {});
}
