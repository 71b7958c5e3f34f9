import { ModelError } from '@dgpo/trajectory';
import { mergeBytePairs, type RankedMerge } from './byte-pair-merge.js';
import { arrayAt, expectValue, objectAt } from './json-checks.js';

/** Ids from here on are refused. */
export const maximumTokens = 4_000_000;
/** Words longer than this are merged anew each time, and at most this many others are remembered. */
const longestRememberedWord = 64;
const rememberedWords = 200_000;

function parseVocabulary(value: unknown): Map<string, number> {
  const idOf = new Map<string, number>();
  const taken = new Set<number>();
  for (const [text, id] of objectAt(value, 'model.vocab')) {
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0 || id >= maximumTokens || taken.has(id)) {
      throw new ModelError(`the id ${JSON.stringify(id)} of ${JSON.stringify(text)} is repeated or not an id`);
    }
    taken.add(id);
    idOf.set(text, id);
  }
  return idOf;
}

function parseMerges(value: unknown, idOf: ReadonlyMap<string, number>): [string, string][] {
  return arrayAt(value, 'model.merges').map((merge, index) => {
    const where = `model.merges[${index}]`;
    const parts: unknown[] = typeof merge === 'string' ? merge.split(' ') : arrayAt(merge, where);
    const [left, right] = parts;
    if (parts.length !== 2 || typeof left !== 'string' || typeof right !== 'string') {
      throw new ModelError(`${where} is no pair`);
    }
    if (!idOf.has(left) || !idOf.has(right) || !idOf.has(left + right)) {
      throw new ModelError(`${where} names or makes a token that is not in the vocabulary`);
    }
    return [left, right];
  });
}

/** The BPE model of a `tokenizer.json`. */
export interface BpeModel {
  /** Token text to id. */
  idOf: ReadonlyMap<string, number>;
  /** Appends the ids of a word. What has no token, nor bytes or an unknown token for it, is left out. */
  encodeWord(word: string, ids: number[]): void;
}

/**
 * Reads a BPE `model`. Words become tokens as in `Word::merge_all` and `BPE::merge_word` of huggingface/tokenizers, but
 * for the special tokens, which no text becomes, neither by merging nor as a whole word.
 * @param options.spell turns a word into the alphabet of the vocabulary
 * @throws {ModelError} naming the key that is damaged or not supported
 */
export function createBpeModel(options: {
  model: ReadonlyMap<string, unknown>;
  specialTokens: ReadonlySet<string>;
  spell(word: string): string;
}): BpeModel {
  const { model, specialTokens, spell } = options;
  expectValue(model.get('type'), ['BPE'], 'model.type');
  for (const key of ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix']) {
    expectValue(model.get(key) || null, [null], `model.${key}`);
  }
  const idOf = parseVocabulary(model.get('vocab'));
  const unknown = model.get('unk_token') ?? null;
  const unknownId = typeof unknown === 'string' ? idOf.get(unknown) : undefined;
  if (unknown !== null && unknownId === undefined) {
    throw new ModelError(`model.unk_token ${JSON.stringify(unknown)} is not in the vocabulary`);
  }
  const [byteFallback, ignoreMerges, fuseUnknown] = ['byte_fallback', 'ignore_merges', 'fuse_unk'].map(
    (key) => model.get(key) === true,
  );
  const ordinaryId = (text: string) => (specialTokens.has(text) ? undefined : idOf.get(text));

  const merges = parseMerges(model.get('merges'), idOf);
  const size = [...idOf.values()].reduce((largest, id) => Math.max(largest, id + 1), 0);
  const mergeOfPair = new Map<number, RankedMerge>();
  for (const [rank, [left, right]] of merges.entries()) {
    const id = ordinaryId(left + right);
    const pair = (idOf.get(left) ?? 0) * size + (idOf.get(right) ?? 0);
    if (id !== undefined) mergeOfPair.set(pair, { rank, id });
  }
  const mergeOf = (left: number, right: number) => mergeOfPair.get(left * size + right);

  const byteIds = (char: string): number[] | undefined => {
    const bytes = Array.from(new TextEncoder().encode(char), (byte) =>
      idOf.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
    );
    const known = bytes.filter((id) => id !== undefined);
    return byteFallback && known.length === bytes.length ? known : undefined;
  };
  const mergeWord = (word: string): number[] => {
    const whole = ignoreMerges ? ordinaryId(word) : undefined;
    if (whole !== undefined) return [whole];
    const symbols: number[] = [];
    for (const char of word) {
      const id = ordinaryId(char);
      const bytes = id === undefined ? byteIds(char) : [id];
      if (bytes !== undefined) symbols.push(...bytes);
      else if (unknownId !== undefined && !(fuseUnknown && symbols.at(-1) === unknownId)) symbols.push(unknownId);
    }
    return mergeBytePairs(symbols, mergeOf);
  };

  const remembered = new Map<string, readonly number[]>();
  const idsOf = (word: string): readonly number[] => {
    const known = remembered.get(word);
    if (known !== undefined) return known;
    const ids = mergeWord(spell(word));
    if (word.length <= longestRememberedWord) {
      if (remembered.size >= rememberedWords) remembered.clear();
      remembered.set(word, ids);
    }
    return ids;
  };
  const append = (word: string, ids: number[]): void => {
    for (const id of idsOf(word)) ids.push(id);
  };
  // SentencePiece merges whole texts. Where no merge joins a word with the space after it, its words give the same tokens.
  const wordwise = byteFallback && merges.every(([left, right]) => left.endsWith('▁') || !right.startsWith('▁'));
  const encodeWord = wordwise
    ? (text: string, ids: number[]): void => {
        for (const word of text.match(/▁+[^▁]*|[^▁]+/gu) ?? []) append(word, ids);
      }
    : append;
  return { idOf, encodeWord };
}
