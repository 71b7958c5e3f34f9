import { ModelError } from '@dgpo/trajectory';
import { createByteDecoding } from './byte-decoding.js';
import { mergeBytePairs, type RankedMerge } from './byte-pair-merge.js';
import type { EncodeOptions, Tokenizer } from './tokenizer.js';

/**
 * GPT-2's split of text into words; no token crosses a border. `\p{White_Space}` stands for `\s`, because
 * JavaScript's `\s` counts U+FEFF and leaves out U+0085, unlike the engine of Hugging Face's tokenizers.
 */
const wordPattern =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Splits text into the words within which byte pairs are merged; joined they are the text. */
export function splitIntoWords(text: string): string[] {
  return text.match(wordPattern) ?? [];
}

/** Cuts text at special tokens: ordinary text at even places, special tokens at odd ones. The longest name wins. */
export function splitAtSpecialTokens(text: string, specialTokens: readonly string[]): string[] {
  if (specialTokens.length === 0) return [text];
  const names = [...specialTokens].sort((a, b) => b.length - a.length);
  return text.split(new RegExp(`(${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`));
}

/** What a byte-level BPE tokenizer consists of. */
export interface BytePairModel {
  /** The bytes of each ordinary token, by id; `undefined` where a special token has the id. */
  tokens: readonly (Uint8Array | undefined)[];
  /** Pairs of token ids, in the order of merging; the token made is the one with the joined bytes. */
  merges: readonly (readonly [number, number])[];
  specialTokens: Readonly<Record<string, number>>;
  endOfTextToken: string;
  padToken: string;
}

/** A {@link Tokenizer} that merges byte pairs, the kind that GPT-2, r50k and `trainCompactTokenizer` use. */
export interface BytePairTokenizer extends Tokenizer {
  readonly model: BytePairModel;
}

/** Words longer than this are merged anew each time, and at most this many others are remembered. */
const longestRememberedWord = 64;
const rememberedWords = 100_000;

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

/**
 * Builds a byte-level BPE tokenizer. Every byte must be a token, so any text can be encoded.
 * @throws {ModelError} when ids leave holes, a byte has no token, or a merge makes no token.
 */
export function createBytePairTokenizer(model: BytePairModel): BytePairTokenizer {
  const { tokens, merges, endOfTextToken, padToken } = model;
  const specialTokens = Object.freeze(Object.assign(Object.create(null), model.specialTokens)) as Record<
    string,
    number
  >;
  const names = Object.keys(specialTokens);
  const bytesOf: Uint8Array[] = [];
  const nameOf = new Map(names.map((name) => [specialTokens[name], name]));
  const idOfBytes = new Map<string, number>();
  const vocabularySize = tokens.length;
  for (let id = 0; id < vocabularySize; id++) {
    const name = nameOf.get(id);
    const bytes = tokens[id] ?? (name === undefined ? undefined : new TextEncoder().encode(name));
    if (bytes === undefined || bytes.length === 0) throw new ModelError(`token ${id} has no content`);
    if (name !== undefined && tokens[id] !== undefined) throw new ModelError(`special token ${name} shares id ${id}`);
    if (name === undefined) {
      if (idOfBytes.has(latin1(bytes))) throw new ModelError(`token ${id} has the same bytes as another`);
      idOfBytes.set(latin1(bytes), id);
    }
    bytesOf.push(bytes);
  }
  if (nameOf.size !== names.length) throw new ModelError('two special tokens share an id');
  const specialId = (name: string) => {
    const id = specialTokens[name];
    if (id === undefined || !(id in bytesOf)) throw new ModelError(`special token ${name} has no id of the vocabulary`);
    return id;
  };
  for (const name of names) specialId(name);
  const byteIds = Array.from({ length: 256 }, (_, byte) => {
    const id = idOfBytes.get(String.fromCharCode(byte));
    if (id === undefined) throw new ModelError(`byte ${byte} has no token; a byte-level vocabulary needs all 256`);
    return id;
  });

  const mergeOfPair = new Map<number, RankedMerge>();
  merges.forEach(([left, right], rank) => {
    const id = idOfBytes.get(latin1(bytesOf[left] ?? new Uint8Array()) + latin1(bytesOf[right] ?? new Uint8Array()));
    if (id === undefined || nameOf.has(left) || nameOf.has(right) || id === left || id === right) {
      throw new ModelError(`merge ${rank} (${left}, ${right}) does not make a token of the vocabulary`);
    }
    const pair = left * vocabularySize + right;
    if (mergeOfPair.has(pair)) throw new ModelError(`merge ${rank} (${left}, ${right}) is listed twice`);
    mergeOfPair.set(pair, { rank, id });
  });
  const mergeOf = (left: number, right: number) => mergeOfPair.get(left * vocabularySize + right);

  const remembered = new Map<string, readonly number[]>();
  const encodeWord = (word: string): readonly number[] => {
    const known = remembered.get(word);
    if (known !== undefined) return known;
    const bytes = new TextEncoder().encode(word);
    const ids = mergeBytePairs(
      Array.from(bytes, (byte) => byteIds[byte] as number),
      mergeOf,
    );
    if (word.length <= longestRememberedWord) {
      if (remembered.size >= rememberedWords) remembered.clear();
      remembered.set(word, ids);
    }
    return ids;
  };

  const encode = (text: string, { allowSpecial = false, escapeCharacter = '' }: EncodeOptions = {}): number[] => {
    const ids: number[] = [];
    splitAtSpecialTokens(text, allowSpecial ? names : []).forEach((part, index) => {
      if (index % 2 === 1) {
        ids.push(specialId(part));
        return;
      }
      const plain = escapeCharacter === '' ? part : part.replaceAll(escapeCharacter, '');
      for (const word of splitIntoWords(plain)) for (const id of encodeWord(word)) ids.push(id);
    });
    return ids;
  };

  const tokenBytes = (id: number): Uint8Array => {
    const bytes = bytesOf[id];
    if (bytes === undefined) throw new ModelError(`token id ${id} is outside the vocabulary of ${vocabularySize}`);
    return bytes;
  };

  return {
    model,
    vocabularySize,
    endOfTextId: specialId(endOfTextToken),
    endOfTextIds: [specialId(endOfTextToken)],
    padId: specialId(padToken),
    specialTokens,
    encode,
    tokenBytes,
    ...createByteDecoding({ tokenBytes, isSpecial: (id) => nameOf.has(id) }),
  };
}
