import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { writeFileBeside } from '../weights/write-file-beside.js';
import { createBytePairTokenizer } from './byte-pair-tokenizer.js';
import { bytePairTokenizerFiles, isBytePairTokenizer } from './byte-pair-tokenizer-files.js';
import { gpt2TokenizerJson, tokenizerJsonOfMerges } from './gpt2-vocabulary.js';
import { createHuggingFaceTokenizer } from './hugging-face-tokenizer.js';
import type { Tokenizer } from './tokenizer.js';
import { isBytePairJson, parseTokenizerJson } from './tokenizer-json.js';
import { readTokenizerSettings } from './tokenizer-settings.js';

/** Larger files are refused: the largest published vocabularies take some 30 MB. */
const maximumFileBytes = 64 * 1024 * 1024;

/** The files of a tokenizer that are kept and written back, beside `generation_config.json`, which belongs to the model. */
const keptFiles = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'vocab.json',
  'merges.txt',
];

async function readOptional(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path);
    if (size > maximumFileBytes) throw new Error(`${size} bytes are more than the ${maximumFileBytes} allowed`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`cannot be read: ${reason}`, { where: path, cause });
  }
}

function parseJson(bytes: Uint8Array | undefined, where: string): unknown {
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`cannot be read as JSON: ${reason}`, { where, cause });
  }
}

/**
 * Makes a tokenizer from the contents of its files, by name: `tokenizer.json`, or `vocab.json` and `merges.txt` of GPT-2,
 * and beside them `tokenizer_config.json`, `special_tokens_map.json`, `generation_config.json` and `config.json` where
 * there are any. A `config.json` of GPT-2 with 50,257 tokens alone means `r50k_base`.
 * @param where the folder, for errors
 * @throws {ModelError} naming the file that is missing, damaged, or of a kind that would be segmented otherwise.
 */
export function tokenizerFromFiles(files: ReadonlyMap<string, Uint8Array>, where: string): Tokenizer {
  const json = (name: string) => parseJson(files.get(name), join(where, name));
  const merges = files.get('merges.txt');
  const name = files.has('tokenizer.json') ? 'tokenizer.json' : 'vocab.json';
  const path = join(where, name);
  let tokenizerJson: unknown;
  if (name === 'tokenizer.json') tokenizerJson = json(name);
  else if (merges !== undefined && files.has(name)) {
    tokenizerJson = tokenizerJsonOfMerges(json(name), new TextDecoder().decode(merges));
  } else {
    const config = json('config.json');
    const [type, size] = ['model_type', 'vocab_size'].map((key) =>
      typeof config === 'object' && config !== null ? Reflect.get(config, key) : undefined,
    );
    if (type !== 'gpt2' || size !== 50257) {
      throw new ModelError('tokenizer.json is missing; transformers writes it (AutoTokenizer, then save_pretrained)', {
        where,
      });
    }
    tokenizerJson = gpt2TokenizerJson();
  }
  const settings = readTokenizerSettings({
    tokenizerJson,
    // GPT-2's older files came without one.
    config: json('tokenizer_config.json') ?? (name === 'tokenizer.json' ? undefined : {}),
    specialTokensMap: json('special_tokens_map.json'),
    generationConfig: json('generation_config.json'),
    where: join(where, 'tokenizer_config.json'),
  });
  const kept = new Map<string, Uint8Array>(
    keptFiles.flatMap((file) => {
      const bytes = files.get(file);
      return bytes === undefined ? [] : [[file, bytes] as const];
    }),
  );
  const { endOfTextToken, padToken } = settings;
  const made = {
    'tokenizer.json': tokenizerJson,
    'tokenizer_config.json': {
      tokenizer_class: 'PreTrainedTokenizerFast',
      eos_token: endOfTextToken,
      pad_token: padToken,
      clean_up_tokenization_spaces: false,
    },
  };
  for (const [file, content] of Object.entries(made)) {
    if (!kept.has(file)) kept.set(file, new TextEncoder().encode(`${JSON.stringify(content)}\n`));
  }
  try {
    const tokenizer = isBytePairJson(tokenizerJson)
      ? createBytePairTokenizer({ ...parseTokenizerJson(tokenizerJson), ...settings })
      : createHuggingFaceTokenizer({ tokenizerJson, ...settings });
    return { ...tokenizer, files: kept };
  } catch (cause) {
    throw new ModelError(cause instanceof Error ? cause.message : String(cause), { where: path, cause });
  }
}

/**
 * Reads the tokenizer of a folder in Hugging Face's format, see {@link tokenizerFromFiles}. Byte-level BPE with GPT-2's
 * pre-tokenizer becomes a `BytePairTokenizer`, every other BPE goes through `@huggingface/tokenizers`.
 * @throws {ModelError} naming the file that is missing, damaged, or of a kind that would be segmented otherwise.
 */
export async function loadTokenizer(directory: string): Promise<Tokenizer> {
  const files = new Map<string, Uint8Array>();
  for (const name of [...keptFiles, 'generation_config.json', 'config.json']) {
    const bytes = await readOptional(join(directory, name));
    if (bytes !== undefined) files.set(name, bytes);
  }
  return tokenizerFromFiles(files, directory);
}

/**
 * Writes a tokenizer as Hugging Face's tokenizers and transformers read it: the files it was loaded from, byte for byte,
 * or for one that was made here `tokenizer.json` and `tokenizer_config.json`. Those segment text as this tokenizer does
 * with `allowSpecial: true`; the only source of difference is the Unicode version behind the classes "letter" and
 * "number".
 * @throws {ModelError} when a file cannot be written, or a tokenizer was neither loaded nor of the byte-pair kind.
 */
export async function saveTokenizer(tokenizer: Tokenizer, directory: string): Promise<void> {
  let { files } = tokenizer;
  if (files === undefined) {
    if (!isBytePairTokenizer(tokenizer))
      throw new ModelError('this tokenizer has no files to save', { where: directory });
    files = bytePairTokenizerFiles(tokenizer, directory);
  }
  for (const [name, bytes] of files) {
    await writeFileBeside(join(directory, name), (file) => file.writeFile(bytes));
  }
}
