/** How a byte-level vocabulary of a GGUF file splits text, in the form of `tokenizer.json`. */
export interface GgufPreTokenizer {
  normalizer: object | null;
  preTokenizer: object;
  /** A word that is a token as a whole is not merged. */
  ignoreMerges: boolean;
}

const byteLevel = (useRegex: boolean) => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
});
const sequence = (...pretokenizers: object[]) => ({ type: 'Sequence', pretokenizers });
const regexWords = (Regex: string) =>
  sequence({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }, byteLevel(false));

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const wordsWithDigits = (digits: string) =>
  String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const casedWords =
  String.raw`[^\r\n\p{L}\p{N}]?${upper}*${lower}+|[^\r\n\p{L}\p{N}]?${upper}+${lower}*` +
  String.raw`|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

const gpt2: GgufPreTokenizer = { normalizer: null, preTokenizer: byteLevel(true), ignoreMerges: false };
const singleDigits: GgufPreTokenizer = {
  normalizer: null,
  preTokenizer: sequence({ type: 'Digits', individual_digits: true }, byteLevel(true)),
  ignoreMerges: false,
};
const llama3: GgufPreTokenizer = {
  normalizer: null,
  preTokenizer: regexWords(wordsWithDigits(String.raw`\p{N}{1,3}`)),
  ignoreMerges: true,
};
const qwen2: GgufPreTokenizer = {
  normalizer: { type: 'NFC' },
  preTokenizer: regexWords(wordsWithDigits(String.raw`\p{N}`)),
  ignoreMerges: false,
};
const tekken: GgufPreTokenizer = { normalizer: null, preTokenizer: regexWords(casedWords), ignoreMerges: true };

/**
 * The values of `tokenizer.ggml.pre` that are known here. Source: `llama_vocab::impl::load` in llama.cpp's
 * `src/llama-vocab.cpp` for the names, the `tokenizer.json` of the models themselves for what they mean.
 */
export const ggufPreTokenizers: ReadonlyMap<string, GgufPreTokenizer> = new Map([
  ['gpt-2', gpt2],
  ['default', gpt2],
  ['smollm', singleDigits],
  ['starcoder', singleDigits],
  ['refact', singleDigits],
  ['command-r', singleDigits],
  ['codeshell', singleDigits],
  ['llama-bpe', llama3],
  ['llama3', llama3],
  ['llama-v3', llama3],
  ['falcon3', llama3],
  ['qwen2', qwen2],
  ['deepseek-r1-qwen', qwen2],
  ['megrez', qwen2],
  ['tekken', tekken],
]);
