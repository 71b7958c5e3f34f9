import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { writeFileBeside } from '../weights/write-file-beside.js';
import { bytesToAlphabet } from './byte-alphabet.js';
import { type BytePairTokenizer, createBytePairTokenizer } from './byte-pair-tokenizer.js';
import { parseTokenizerJson } from './tokenizer-json.js';

/** Larger files are refused: the largest published vocabularies take some 30 MB. */
const maximumFileBytes = 64 * 1024 * 1024;

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

/**
 * Writes `tokenizer.json` and `tokenizer_config.json` as Hugging Face's tokenizers and transformers read them. They
 * segment text as this tokenizer does with `allowSpecial: true`; the only source of difference is the Unicode version
 * behind the classes "letter" and "number".
 * @throws {ModelError} when a file cannot be written.
 */
export async function saveTokenizer(tokenizer: BytePairTokenizer, directory: string): Promise<void> {
  const { model, vocabularySize, specialTokens } = tokenizer;
  const nameOf = new Map(Object.entries(specialTokens).map(([name, id]) => [id, name]));
  const spelled = Array.from(
    { length: vocabularySize },
    (_, id) => nameOf.get(id) ?? bytesToAlphabet(tokenizer.tokenBytes(id)),
  );
  if (new Set(spelled).size !== spelled.length) {
    throw new ModelError('a special token is spelled like a piece of the vocabulary; rename it', { where: directory });
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
  for (const [name, content] of Object.entries(files)) {
    await writeFileBeside(join(directory, name), (file) => file.writeFile(`${JSON.stringify(content, null, 2)}\n`));
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    const { size } = await stat(path);
    if (size > maximumFileBytes) throw new Error(`${size} bytes are more than the ${maximumFileBytes} allowed`);
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`cannot be read as JSON: ${reason}`, { where: path, cause });
  }
}

/**
 * Reads a byte-level BPE tokenizer in Hugging Face's format from a folder with `tokenizer.json` and
 * `tokenizer_config.json`: what {@link saveTokenizer} writes, or GPT-2's own. Without a `pad_token` the end-of-text
 * token pads.
 * @throws {ModelError} naming the file when one is missing, damaged, or of a kind that would be segmented differently.
 */
export async function loadTokenizer(directory: string): Promise<BytePairTokenizer> {
  const path = join(directory, 'tokenizer.json');
  const configPath = join(directory, 'tokenizer_config.json');
  const [tokenizerJson, config] = await Promise.all([readJson(path), readJson(configPath)]);
  const named = (key: string): string | undefined => {
    const value: unknown = typeof config === 'object' && config !== null ? Reflect.get(config, key) : undefined;
    const content: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'content') : value;
    return typeof content === 'string' ? content : undefined;
  };
  const endOfTextToken = named('eos_token');
  if (endOfTextToken === undefined) throw new ModelError('"eos_token" is missing', { where: configPath });
  try {
    const parsed = parseTokenizerJson(tokenizerJson);
    return createBytePairTokenizer({ ...parsed, endOfTextToken, padToken: named('pad_token') ?? endOfTextToken });
  } catch (cause) {
    throw new ModelError(cause instanceof Error ? cause.message : String(cause), { where: path, cause });
  }
}
