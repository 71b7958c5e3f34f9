import { describe, expect, it } from 'vitest';
import { createTokenize } from './tokenize.js';
import type { TransformersTokenizer } from './transformers-module.js';

const [start, end] = [101n, 102n];

/** Letters are tokens between two special ones, cut as transformers.js cuts; without `ends` there is only the first. */
function fakeTokenizer(ends: boolean): TransformersTokenizer {
  return (texts, { max_length, text_pair }) => {
    const rows = texts.map((text, row) => {
      const letters = [...text].map((letter) => BigInt(letter.charCodeAt(0)));
      const pair = [...(text_pair?.[row] ?? '')].map((letter) => BigInt(letter.charCodeAt(0)));
      const ids = [start, ...letters, ...(ends ? [end] : []), ...pair, ...(ends && pair.length > 0 ? [end] : [])];
      return ids.slice(0, max_length);
    });
    const width = Math.max(...rows.map((row) => row.length));
    const at = (value: (row: bigint[], column: number) => bigint) =>
      BigInt64Array.from(rows.flatMap((row) => Array.from({ length: width }, (_, column) => value(row, column))));
    const tensor = (data: BigInt64Array) => ({ dims: [rows.length, width], data, to: () => tensor(data) });
    return {
      input_ids: tensor(at((row, column) => row[column] ?? 0n)),
      attention_mask: tensor(at((row, column) => (column < row.length ? 1n : 0n))),
    };
  };
}

describe('createTokenize', () => {
  it('ends a text that was cut with the special token of the end', () => {
    const { input_ids: ids } = createTokenize(fakeTokenizer(true))({ texts: ['AB', 'ABCDEFG'], maxTokens: 5 });
    expect([...ids.data]).toEqual([101n, 65n, 66n, 102n, 0n, 101n, 65n, 66n, 67n, 102n]);
  });

  it('leaves texts that fit as they are, and pairs too', () => {
    const tokenize = createTokenize(fakeTokenizer(true));
    expect([...tokenize({ texts: ['AB', ''], maxTokens: 9 }).input_ids.data]).toEqual([
      ...[101n, 65n, 66n, 102n],
      ...[101n, 102n, 0n, 0n],
    ]);
    expect([...tokenize({ texts: ['A'], pairs: ['BCDE'], maxTokens: 6 }).input_ids.data]).toEqual([
      ...[101n, 65n, 102n],
      ...[66n, 67n, 102n],
    ]);
  });

  it('adds nothing where texts have no token of the end', () => {
    const { input_ids: ids } = createTokenize(fakeTokenizer(false))({ texts: ['ABCDEFG'], maxTokens: 3 });
    expect([...ids.data]).toEqual([101n, 65n, 66n]);
  });
});
