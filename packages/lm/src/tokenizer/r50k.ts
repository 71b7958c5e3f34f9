import r50kRanks from 'gpt-tokenizer/bpeRanks/r50k_base';
import r50k from 'gpt-tokenizer/encoding/r50k_base';
import { mergeBytePairs } from './byte-pair-merge.js';

/** The pieces of `r50k_base`, GPT-2's vocabulary: a piece's id is also its rank in the order of merging. */
export interface R50k {
  /** The number of pieces. */
  readonly size: number;
  /** The ids of the pieces of a text; names of special tokens are ordinary text. */
  encode(text: string): number[];
  bytesOf(id: number): Uint8Array;
  /** The two pieces that are merged into this one, both of lower id; `undefined` for a single byte. */
  partsOf(id: number): readonly [number, number] | undefined;
}

const encodeOptions = { disallowedSpecial: new Set<string>() };

/** Loads the table of pieces (50,256 entries; some 50 ms). */
export function createR50k(): R50k {
  // One character per byte: strings are fast keys, and pieces that are no valid UTF-8 need no second table.
  const binary = r50kRanks.map((piece) => Buffer.from(piece as string).toString('latin1'));
  const idOf = new Map(binary.map((bytes, id) => [bytes, id]));
  const bytesOf = (id: number) => Uint8Array.from(Buffer.from(binary[id] ?? '', 'latin1'));
  const partsOf = (id: number): readonly [number, number] | undefined => {
    // The table lists pieces, not merges: a piece's parts are what merging with the earlier pieces alone leaves of it.
    const symbols = Array.from(binary[id] ?? '', (char) => idOf.get(char) as number);
    const [left, right, ...others] = mergeBytePairs(symbols, (a, b) => {
      const merged = idOf.get(`${binary[a]}${binary[b]}`);
      return merged === undefined || merged >= id ? undefined : { rank: merged, id: merged };
    });
    return left === undefined || right === undefined || others.length > 0 ? undefined : [left, right];
  };
  return { size: binary.length, encode: (text) => r50k.encode(text, encodeOptions), bytesOf, partsOf };
}
