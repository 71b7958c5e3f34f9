import { ModelError } from '@dgpo/trajectory';
import {
  type BytePairTokenizer,
  createBytePairTokenizer,
  splitAtSpecialTokens,
  splitIntoWords,
} from './byte-pair-tokenizer.js';
import { createR50k, type R50k } from './r50k.js';

export interface TrainCompactTokenizerOptions {
  /** The training texts; special tokens in them are not counted as text. */
  texts: Iterable<string>;
  /** Names of special tokens, such as `<search>`: printable ASCII without spaces, at least two characters. */
  specialTokens: readonly string[];
  /**
   * Pieces to keep besides the 256 bytes.
   * @default 512
   */
  maximumPieces?: number;
  /**
   * A piece that merging makes less often than this in the texts is not kept.
   * @default 2
   */
  minimumCount?: number;
  /**
   * Spells every number digit by digit, whatever the texts hold: then a number is copied and reckoned with in the same tokens wherever it
   * stands.
   * @default false
   */
  splitDigits?: boolean;
  /** @default '<|endoftext|>' */
  endOfTextToken?: string;
  /** @default '<|pad|>' */
  padToken?: string;
}

/** How often merging makes each r50k piece in the texts, pieces inside larger pieces included. */
function countMerges(r50k: R50k, texts: Iterable<string>, specialTokens: readonly string[]): Map<number, number> {
  const words = new Map<string, number>();
  for (const text of texts) {
    splitAtSpecialTokens(text, specialTokens).forEach((part, index) => {
      if (index % 2 === 1) return;
      for (const word of splitIntoWords(part)) words.set(word, (words.get(word) ?? 0) + 1);
    });
  }
  const counts = new Map<number, number>();
  const add = (id: number, count: number) => counts.set(id, (counts.get(id) ?? 0) + count);
  for (const [word, count] of words) for (const id of r50k.encode(word)) add(id, count);
  // A piece's parts have lower ids than itself: going down, every count is complete when it is passed on.
  const pending = new Uint8Array(r50k.size);
  for (const id of counts.keys()) pending[id] = 1;
  for (let id = pending.length - 1; id >= 0; id--) {
    if (pending[id] === 0) continue;
    for (const part of r50k.partsOf(id) ?? []) {
      add(part, counts.get(id) ?? 0);
      pending[part] = 1;
    }
  }
  return counts;
}

const hasDigit = (bytes: Uint8Array) => bytes.some((byte) => byte >= 0x30 && byte <= 0x39);

/**
 * A small vocabulary over `r50k_base` (GPT-2's byte-level BPE): the pieces that occur often in the texts get ids, all
 * other text is spelled in smaller pieces and at last in bytes, so every text round-trips. Ids: pad, end of text and
 * the other special tokens; then the 256 bytes; then the kept pieces in r50k's order of merging. The same texts give
 * the same tokenizer.
 *
 * A piece is worth as many tokens as merging makes it in the texts, since each merge saves one. The pieces of highest
 * worth are kept. The two parts of a piece are made at least as often as the piece and come earlier in r50k, so they
 * are always kept with it (with `splitDigits` too: no part of a piece without digits has one): the result is itself a complete byte-level BPE model that reaches each of its pieces, and
 * any reader of Hugging Face's `tokenizer.json` segments text in the same way.
 *
 * @throws {ModelError} for unusable special tokens or limits.
 */
export function trainCompactTokenizer(options: TrainCompactTokenizerOptions): BytePairTokenizer {
  const { texts, maximumPieces = 512, minimumCount = 2, splitDigits = false } = options;
  const { endOfTextToken = '<|endoftext|>', padToken = '<|pad|>' } = options;
  const names = [...new Set([padToken, endOfTextToken, ...options.specialTokens])];
  for (const name of names) {
    if (!/^[\x21-\x7e]{2,}$/.test(name)) {
      throw new ModelError(`special token ${JSON.stringify(name)} must be two or more printable ASCII characters`);
    }
  }
  for (const [key, value] of Object.entries({ maximumPieces, minimumCount })) {
    if (!(value >= 0)) throw new ModelError(`${key} must be a number of at least 0, not ${value}`);
  }

  const r50k = createR50k();
  const counts = countMerges(r50k, texts, names);
  const kept = [...counts]
    .filter(([id, count]) => id >= 256 && count >= minimumCount && !(splitDigits && hasDigit(r50k.bytesOf(id))))
    .sort(([idA, countA], [idB, countB]) => countB - countA || idA - idB)
    .slice(0, Math.floor(maximumPieces))
    .map(([id]) => id)
    .sort((a, b) => a - b);

  const byteOffset = names.length;
  const newId = new Map<number, number>();
  for (let id = 0; id < 256; id++) newId.set(id, byteOffset + (r50k.bytesOf(id)[0] ?? 0));
  for (const [index, id] of kept.entries()) newId.set(id, byteOffset + 256 + index);
  const merges = kept.map((id): readonly [number, number] => {
    const [left, right] = (r50k.partsOf(id) ?? []).map((part) => newId.get(part));
    if (left === undefined || right === undefined) throw new ModelError(`r50k_base piece ${id} has no parts`);
    return [left, right];
  });
  return createBytePairTokenizer({
    tokens: [
      ...names.map(() => undefined),
      ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
      ...kept.map((id) => r50k.bytesOf(id)),
    ],
    merges,
    specialTokens: Object.fromEntries(names.map((name, id) => [name, id])),
    endOfTextToken,
    padToken,
  });
}
