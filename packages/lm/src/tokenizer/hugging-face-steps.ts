import { ModelError } from '@dgpo/trajectory';
import { createLibraryTokenizer, type NormalizerConfig, type PreTokenizerConfig } from './hugging-face-library.js';
import { arrayAt, objectAt } from './json-checks.js';

type Fields = ReadonlyMap<string, unknown>;

const gpt2Words = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const punctuation = String.raw`[\p{P}!-/:-@\[-\x60\{-~]`;

const unsupported = (where: string, fields: Fields, key: string): never => {
  throw new ModelError(`${where}.${key} is ${JSON.stringify(fields.get(key))}, which is not supported`);
};

function textAt(fields: Fields, key: string, where: string): string {
  const value = fields.get(key);
  return typeof value === 'string' ? value : unsupported(where, fields, key);
}

function patternAt(fields: Fields, where: string): { Regex: string } | { String: string } {
  const pattern = objectAt(fields.get('pattern'), `${where}.pattern`);
  const [key, text] = [...pattern][0] ?? [];
  if (typeof text !== 'string' || text === '') return unsupported(where, fields, 'pattern');
  if (key === 'Regex') return { Regex: text };
  return key === 'String' ? { String: text } : unsupported(where, fields, 'pattern');
}

const isolated = (Regex: string): PreTokenizerConfig => ({
  type: 'Split',
  pattern: { Regex },
  behavior: 'Isolated',
  invert: false,
});

/** The normalizers of a `tokenizer.json`, one after another; those that only put a space before the text are left out of a continuation. */
function normalizers(value: unknown, where: string, continuation: boolean): NormalizerConfig[] {
  if (value === null || value === undefined) return [];
  const fields = objectAt(value, where);
  const type = fields.get('type');
  switch (type) {
    case 'Sequence':
      return arrayAt(fields.get('normalizers'), `${where}.normalizers`).flatMap((step, index) =>
        normalizers(step, `${where}.normalizers[${index}]`, continuation),
      );
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return [{ type }];
    case 'Prepend':
      return continuation ? [] : [{ type, prepend: textAt(fields, 'prepend', where) }];
    case 'Replace':
      return [{ type, pattern: patternAt(fields, where), content: textAt(fields, 'content', where) }];
    default:
      return unsupported(where, fields, 'type');
  }
}

function splitSteps(fields: Fields, where: string): PreTokenizerConfig[] {
  const behavior = fields.get('behavior');
  const pattern = patternAt(fields, where);
  // The pieces between matches are kept in either case, so it does not matter which of both the matches are.
  if (behavior === 'Isolated') return [{ type: 'Split', pattern, behavior, invert: false }];
  if (behavior === 'Removed') return [{ type: 'Split', pattern, behavior, invert: fields.get('invert') === true }];
  return unsupported(where, fields, 'behavior');
}

function metaspaceSteps(fields: Fields, where: string, continuation: boolean): PreTokenizerConfig[] {
  const replacement = fields.has('replacement') ? textAt(fields, 'replacement', where) : '▁';
  if (replacement !== '▁') return unsupported(where, fields, 'replacement');
  const scheme = fields.get('prepend_scheme') ?? (fields.get('add_prefix_space') === false ? 'never' : 'always');
  if (scheme !== 'always' && scheme !== 'first' && scheme !== 'never')
    return unsupported(where, fields, 'prepend_scheme');
  const spaces: PreTokenizerConfig = {
    type: 'Metaspace',
    replacement,
    prepend_scheme: continuation ? 'never' : scheme,
  };
  return fields.get('split') === false ? [spaces] : [spaces, isolated('▁[^▁]*')];
}

/**
 * The pre-tokenizers of a `tokenizer.json`, one after another. Where `@huggingface/tokenizers` splits otherwise than the
 * Rust library (its `\s` and `\d` are those of JavaScript, some settings are not read), the step is written as a `Split`
 * that it does as meant.
 */
function preTokenizers(value: unknown, where: string, continuation: boolean): PreTokenizerConfig[] {
  if (value === null || value === undefined) return [];
  const fields = objectAt(value, where);
  switch (fields.get('type')) {
    case 'Sequence':
      return arrayAt(fields.get('pretokenizers'), `${where}.pretokenizers`).flatMap((step, index) =>
        preTokenizers(step, `${where}.pretokenizers[${index}]`, continuation),
      );
    case 'ByteLevel':
      // Spelling a word in bytes is left to the model, which remembers words.
      if (fields.get('add_prefix_space') !== false) return unsupported(where, fields, 'add_prefix_space');
      return fields.get('use_regex') === false ? [] : [isolated(gpt2Words)];
    case 'Digits':
      return [isolated(fields.get('individual_digits') === true ? String.raw`\p{N}` : String.raw`\p{N}+`)];
    case 'Punctuation': {
      const behavior = fields.get('behavior') ?? 'Isolated';
      if (behavior !== 'Isolated' && behavior !== 'Contiguous') return unsupported(where, fields, 'behavior');
      return [isolated(behavior === 'Isolated' ? punctuation : `${punctuation}+`)];
    }
    case 'Split':
      return splitSteps(fields, where);
    case 'Metaspace':
      return metaspaceSteps(fields, where, continuation);
    default:
      return unsupported(where, fields, 'type');
  }
}

/** Checks that a byte-level vocabulary spells words in bytes as the last step, and that no other does. */
function expectByteLevelLast(value: unknown, isByteLevel: boolean): void {
  const step = typeof value === 'object' && value !== null ? value : {};
  const nested: unknown = Reflect.get(step, 'pretokenizers');
  const types = [...(Array.isArray(nested) ? nested : []), step].map((one: unknown) =>
    typeof one === 'object' && one !== null ? Reflect.get(one, 'type') : undefined,
  );
  const steps = Array.isArray(nested) ? types.slice(0, -1) : types;
  if (steps.indexOf('ByteLevel') !== (isByteLevel ? steps.length - 1 : -1)) {
    throw new ModelError(
      'pre_tokenizer and decoder do not belong together: ByteLevel must be the last step of one and the whole of the other',
    );
  }
}

/**
 * What happens to a text before the model sees it: normalised and split into words.
 * @param section 0 for the beginning of a text; some vocabularies put a space there.
 */
export type SplitText = (text: string, section: number) => string[];

/**
 * The normalizer and pre-tokenizer of a `tokenizer.json`.
 * @throws {ModelError} naming the first step that would not be done as the Rust library does it.
 */
export function createSplitText(root: Fields, options: { continuation: boolean; isByteLevel: boolean }): SplitText {
  const { continuation, isByteLevel } = options;
  const { normalizer, pre_tokenizer } = createLibraryTokenizer({
    normalizers: normalizers(root.get('normalizer'), 'normalizer', continuation),
    preTokenizers: preTokenizers(root.get('pre_tokenizer'), 'pre_tokenizer', continuation),
  });
  expectByteLevelLast(root.get('pre_tokenizer'), isByteLevel);
  return (text, section) => {
    const normalized = normalizer.normalize(text);
    return normalized === '' ? [] : pre_tokenizer.pre_tokenize(normalized, { section_index: section });
  };
}
