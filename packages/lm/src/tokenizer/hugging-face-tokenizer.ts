import { ModelError } from '@dgpo/trajectory';
import { type AddedToken, createSectionSplitter, parseAddedTokens } from './added-tokens.js';
import { createByteDecoding } from './byte-decoding.js';
import { readPieceSpelling } from './hugging-face-decoder.js';
import { createLibraryTokenizer } from './hugging-face-library.js';
import { createSplitText } from './hugging-face-steps.js';
import { arrayAt, expectValue, objectAt } from './json-checks.js';
import type { EncodeOptions, Tokenizer } from './tokenizer.js';

const maximumTokens = 4_000_000;
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

/** A word becomes ids; what stays without a token is left out, as in the Rust library. */
function createWordEncoder(model: ReadonlyMap<string, unknown>, added: readonly AddedToken[]) {
  expectValue(model.get('type'), ['BPE'], 'model.type');
  for (const key of ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix']) {
    expectValue(model.get(key) || null, [null], `model.${key}`);
  }
  const unknown = model.get('unk_token') ?? null;
  if (unknown !== null && typeof unknown !== 'string') throw new ModelError('model.unk_token is no text');
  const idOf = parseVocabulary(model.get('vocab'));
  // Text must never become a control token, neither by merging nor as a whole word.
  const special = new Set(added.filter((token) => token.special).map(({ content }) => content));
  const merges = parseMerges(model.get('merges'), idOf).filter(([left, right]) => !special.has(left + right));
  const byteFallback = model.get('byte_fallback') === true;
  const { model: bpe } = createLibraryTokenizer({
    model: {
      type: 'BPE',
      vocab: Object.fromEntries([...idOf].filter(([text]) => !special.has(text))),
      merges,
      unk_token: unknown,
      byte_fallback: byteFallback,
      ignore_merges: model.get('ignore_merges') === true,
      fuse_unk: model.get('fuse_unk') === true,
    },
  });
  // SentencePiece merges whole texts. Where no merge joins a word with the space after it, words give the same tokens.
  const words =
    byteFallback && merges.every(([left, right]) => left.endsWith('▁') || !right.startsWith('▁'))
      ? /▁+[^▁]*|[^▁]+/gu
      : /[\s\S]+/gu;
  const remembered = new Map<string, readonly number[]>();
  const encodeWord = (word: string): readonly number[] => {
    const known = remembered.get(word);
    if (known !== undefined) return known;
    const ids = bpe._call([word]).map((token) => {
      const id = idOf.get(token);
      if (id === undefined) throw new ModelError(`model.unk_token ${JSON.stringify(token)} is not in the vocabulary`);
      return id;
    });
    if (word.length <= longestRememberedWord) {
      if (remembered.size >= rememberedWords) remembered.clear();
      remembered.set(word, ids);
    }
    return ids;
  };
  const encode = (text: string, ids: number[]): void => {
    for (const word of text.match(words) ?? []) for (const id of encodeWord(word)) ids.push(id);
  };
  return { idOf, encode };
}

/**
 * A tokenizer from the content of a `tokenizer.json` with a BPE model, byte-level or SentencePiece with byte fallback, on
 * `@huggingface/tokenizers`. It gives the ids that `transformers` gives with `add_special_tokens=False` and
 * `split_special_tokens=True` (with `allowSpecial`: `False`). Added tokens that are not special, such as `<tool_call>` of
 * Qwen, are vocabulary like any other and are found in every text.
 *
 * @throws {ModelError} naming the key, when a part is damaged or would not be done as the Rust library does it.
 */
export function createHuggingFaceTokenizer(options: {
  tokenizerJson: unknown;
  endOfTextToken: string;
  padToken: string;
  /** More ids that end a generation; those outside the vocabulary are left out. */
  endOfTextIds?: readonly number[];
}): Tokenizer {
  const root = objectAt(options.tokenizerJson, 'the file');
  const added = parseAddedTokens(root.get('added_tokens'));
  const { idOf, encode: encodeWords } = createWordEncoder(objectAt(root.get('model'), 'model'), added);
  const spelling = readPieceSpelling(root.get('decoder'));
  const splitters = [false, true].map((continuation) => createSplitText(root, { continuation }));
  if ((spelling.kind === 'byte-level') !== JSON.stringify(root.get('pre_tokenizer') ?? null).includes('"ByteLevel"')) {
    throw new ModelError('pre_tokenizer and decoder do not belong together: only one of them is ByteLevel');
  }

  const pieceOf: (string | undefined)[] = [];
  for (const [text, id] of idOf) pieceOf[id] = text;
  const addedOf = new Map(added.map((token) => [token.id, token]));
  for (const { id, content } of added) {
    if (id >= maximumTokens) throw new ModelError(`the id ${id} of ${content} is not below ${maximumTokens}`);
    if ((pieceOf[id] ?? content) !== content) {
      throw new ModelError(`added_tokens and model.vocab differ on the id of ${content}`);
    }
    pieceOf[id] = content;
  }
  const vocabularySize = pieceOf.length;
  const bytesOf: (Uint8Array | undefined)[] = [];
  const tokenBytes = (id: number): Uint8Array => {
    const known = bytesOf[id];
    if (known !== undefined) return known;
    if (!(id >= 0 && id < vocabularySize && Number.isInteger(id))) {
      throw new ModelError(`token id ${id} is outside the vocabulary of ${vocabularySize}`);
    }
    // An id between others may be without a token: it stands for no text.
    const piece = pieceOf[id] ?? '';
    const bytes = addedOf.has(id) ? new TextEncoder().encode(piece) : spelling.bytesOf(piece);
    bytesOf[id] = bytes;
    return bytes;
  };
  const tokenId = (name: string): number => {
    const id = added.find(({ content }) => content === name)?.id ?? idOf.get(name);
    if (id === undefined) throw new ModelError(`special token ${name} has no id of the vocabulary`);
    return id;
  };

  const atAll = createSectionSplitter(added);
  const atOrdinary = createSectionSplitter(added.filter(({ special }) => !special));
  const encode = (text: string, encodeOptions: EncodeOptions = {}): number[] => {
    const { allowSpecial = false, continuation = false, escapeCharacter = '' } = encodeOptions;
    const ids: number[] = [];
    const wellFormed = text.replace(/\p{Surrogate}/gu, '\ufffd');
    for (const [index, section] of (allowSpecial ? atAll : atOrdinary)(wellFormed).entries()) {
      if (typeof section === 'number') {
        ids.push(section);
        continue;
      }
      const plain = escapeCharacter === '' ? section : section.replaceAll(escapeCharacter, '');
      if (plain === '') continue;
      const split = splitters[continuation && index === 0 ? 1 : 0];
      for (const words of split?.(plain, continuation ? 1 : index) ?? []) encodeWords(words, ids);
    }
    return ids;
  };

  const endOfTextId = tokenId(options.endOfTextToken);
  const listed = (options.endOfTextIds ?? []).filter((id) => id < vocabularySize);
  const names: Record<string, number> = Object.create(null);
  for (const { special, content, id } of added) if (special) names[content] = id;
  return {
    vocabularySize,
    endOfTextId,
    endOfTextIds: [...new Set([endOfTextId, ...listed])],
    padId: tokenId(options.padToken),
    specialTokens: Object.freeze(names),
    encode,
    tokenBytes,
    ...createByteDecoding({
      tokenBytes,
      isSpecial: (id) => addedOf.get(id)?.special === true,
      prefixSpace: spelling.prefixSpace,
    }),
  };
}
