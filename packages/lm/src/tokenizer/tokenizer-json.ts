import { ModelError } from '@dgpo/trajectory';
import { parseAddedTokens } from './added-tokens.js';
import { alphabetToBytes } from './byte-alphabet.js';
import type { BytePairModel } from './byte-pair-tokenizer.js';
import { arrayAt, expectValue, objectAt } from './json-checks.js';

const maximumTokens = 1_000_000;

/** Accepts `{"type": "ByteLevel"}` with GPT-2's settings. */
function expectByteLevel(value: unknown, where: string): void {
  const step = objectAt(value, where);
  expectValue(step.get('type'), ['ByteLevel'], `${where}.type`);
  if (where !== 'pre_tokenizer') return;
  expectValue(step.get('add_prefix_space'), [false], `${where}.add_prefix_space`);
  expectValue(step.get('use_regex'), [true, undefined], `${where}.use_regex`);
}

/**
 * Whether a `tokenizer.json` is byte-level BPE with GPT-2's pre-tokenizer and with added tokens that are all special: the
 * kind that {@link parseTokenizerJson} reads. What is damaged inside such a file is told there.
 */
export function isBytePairJson(value: unknown): boolean {
  const root = objectAt(value, 'the file');
  const typed = (key: string, part: unknown = root.get(key)): ReadonlyMap<string, unknown> =>
    typeof part === 'object' && part !== null ? new Map(Object.entries(part)) : new Map();
  const [model, words, decoder, post] = ['model', 'pre_tokenizer', 'decoder', 'post_processor'].map((key) =>
    typed(key),
  );
  const added = root.get('added_tokens');
  const ordinary = (token: unknown) =>
    ['special', 'lstrip', 'rstrip', 'single_word'].some((key) => typed('', token).get(key) === (key !== 'special'));
  return (
    model?.get('type') === 'BPE' &&
    !model.get('byte_fallback') &&
    !model.get('ignore_merges') &&
    (root.get('normalizer') ?? null) === null &&
    words?.get('type') === 'ByteLevel' &&
    words.get('add_prefix_space') === false &&
    words.get('use_regex') !== false &&
    decoder?.get('type') === 'ByteLevel' &&
    ['ByteLevel', undefined].some((type) => post?.get('type') === type) &&
    !(Array.isArray(added) && added.some(ordinary))
  );
}

/**
 * Reads the content of a Hugging Face `tokenizer.json` with a byte-level BPE model and GPT-2's pre-tokenizer.
 * Anything that would change the segmentation and is not supported here is refused.
 * @throws {ModelError} with the offending key.
 */
export function parseTokenizerJson(value: unknown): Pick<BytePairModel, 'tokens' | 'merges' | 'specialTokens'> {
  const root = objectAt(value, 'the file');
  const bpe = objectAt(root.get('model'), 'model');
  expectValue(bpe.get('type'), ['BPE'], 'model.type');
  expectValue(root.get('normalizer') ?? null, [null], 'normalizer');
  expectByteLevel(root.get('pre_tokenizer'), 'pre_tokenizer');
  expectByteLevel(root.get('decoder'), 'decoder');
  if ((root.get('post_processor') ?? null) !== null) expectByteLevel(root.get('post_processor'), 'post_processor');
  for (const key of ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix']) {
    expectValue(bpe.get(key) || null, [null], `model.${key}`);
  }
  for (const key of ['byte_fallback', 'ignore_merges']) expectValue(bpe.get(key) ?? false, [false], `model.${key}`);

  const specialTokens: Record<string, number> = Object.create(null);
  for (const { content, id } of parseAddedTokens(root.get('added_tokens'))) specialTokens[content] = id;
  const idOf = objectAt(bpe.get('vocab'), 'model.vocab');
  const size = new Set([...idOf.keys(), ...Object.keys(specialTokens)]).size;
  if (size > maximumTokens) throw new ModelError(`the vocabulary of ${size} is larger than ${maximumTokens}`);
  const tokens = new Array<Uint8Array | undefined>(size).fill(undefined);
  const taken = new Set<number>();
  const checkId = (id: unknown, text: string): number => {
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0 || id >= size || taken.has(id)) {
      throw new ModelError(`the id ${JSON.stringify(id)} of ${JSON.stringify(text)} is repeated or not below ${size}`);
    }
    taken.add(id);
    return id;
  };
  for (const [text, id] of Object.entries(specialTokens)) checkId(id, text);
  for (const [text, id] of idOf) {
    if (text in specialTokens) {
      if (specialTokens[text] !== id) throw new ModelError(`added_tokens and model.vocab differ on the id of ${text}`);
      continue;
    }
    const bytes = alphabetToBytes(text);
    if (bytes === undefined) throw new ModelError(`model.vocab has ${JSON.stringify(text)}, which is not byte-level`);
    tokens[checkId(id, text)] = bytes;
  }

  const partId = (text: unknown, where: string): number => {
    const id = typeof text === 'string' ? idOf.get(text) : undefined;
    if (typeof id !== 'number') throw new ModelError(`${where} names ${JSON.stringify(text)}, not in the vocabulary`);
    return id;
  };
  const merges = arrayAt(bpe.get('merges'), 'model.merges').map((merge, index): readonly [number, number] => {
    const where = `model.merges[${index}]`;
    // Older files write "a b", newer ones ["a", "b"].
    const parts: unknown[] = typeof merge === 'string' ? merge.split(' ') : arrayAt(merge, where);
    if (parts.length !== 2) throw new ModelError(`${where} is no pair`);
    return [partId(parts[0], where), partId(parts[1], where)];
  });
  return { tokens, merges, specialTokens };
}
