import type { Tokenizer } from '@dgpo/lm';
import { DatasetError } from '@dgpo/trajectory';
import type { ExampleRow } from './measure-loss.js';
import type { SftExample } from './read-examples.js';

/**
 * Texts one after the other, the end-of-text token after each, cut into sequences of `maxLength` tokens that overlap by one (TRL's packing
 * strategy `wrapped`): nothing is padded and every token but the very first is predicted once. Attention is causal and knows no borders
 * within a sequence, so a text sees the one before it; for language modelling that is usual, for prompts it would be wrong.
 *
 * @returns rows whose `example` is the one that their first token is of
 * @throws {DatasetError} for examples with a prompt or messages, or when the texts have less than two tokens together
 */
export function packedRows(options: {
  examples: readonly SftExample[];
  tokenizer: Tokenizer;
  maxLength: number;
}): ExampleRow[] {
  const { examples, tokenizer, maxLength } = options;
  const ids: number[] = [];
  const exampleOf: number[] = [];
  examples.forEach((item, example) => {
    if (item.kind !== 'text') {
      throw new DatasetError(
        'has a prompt or messages, which `packing` cannot join; leave it out, or give plain text',
        {
          where: `example ${example + 1}`,
        },
      );
    }
    for (const id of [...tokenizer.encode(item.text), tokenizer.endOfTextId]) {
      ids.push(id);
      exampleOf.push(example);
    }
  });
  const rows: ExampleRow[] = [];
  for (let start = 0; start + 1 < ids.length; start += maxLength - 1) {
    const tokenIds = Int32Array.from(ids.slice(start, start + maxLength));
    rows.push({ tokenIds, mask: new Uint8Array(tokenIds.length).fill(1, 1), example: exampleOf[start] as number });
  }
  if (rows.length === 0) throw new DatasetError('the texts have no token to learn');
  return rows;
}
