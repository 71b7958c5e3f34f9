import { ModelError } from '@dgpo/trajectory';
import { createSectionSplitter, parseAddedTokens } from './added-tokens.js';
import { createBpeModel, maximumTokens } from './bpe-model.js';
import { bytesToAlphabet } from './byte-alphabet.js';
import { createByteDecoding } from './byte-decoding.js';
import { readPieceSpelling } from './hugging-face-decoder.js';
import { createSplitText } from './hugging-face-steps.js';
import { objectAt } from './json-checks.js';
import type { EncodeOptions, Tokenizer } from './tokenizer.js';

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
  const spelling = readPieceSpelling(root.get('decoder'));
  const isByteLevel = spelling.kind === 'byte-level';
  const { idOf, encodeWord } = createBpeModel({
    model: objectAt(root.get('model'), 'model'),
    specialTokens: new Set(added.filter(({ special }) => special).map(({ content }) => content)),
    spell: isByteLevel ? (word) => bytesToAlphabet(new TextEncoder().encode(word)) : (word) => word,
  });
  const splitters = [false, true].map((continuation) => createSplitText(root, { continuation, isByteLevel }));

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
      for (const words of split?.(plain, continuation ? 1 : index) ?? []) encodeWord(words, ids);
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
