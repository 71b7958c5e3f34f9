import { type ChatTemplate, renderConversation, type Tokenizer } from '@dgpo/lm';
import { DatasetError } from '@dgpo/trajectory';
import type { ExampleRow } from './measure-loss.js';
import { packedRows } from './packed-rows.js';
import type { SftExample } from './read-examples.js';

export interface ExampleRowsOptions {
  examples: readonly SftExample[];
  tokenizer: Tokenizer;
  /** Needed by examples with `messages`. */
  chatTemplate?: ChatTemplate | undefined;
  maxLength: number;
  /** Join texts and cut them into full sequences, see {@link packedRows}. @default false */
  packing?: boolean;
}

/**
 * Examples as training rows: of text every token is learned but the first of it, of completions the completion and the end-of-text
 * token, of conversations what the assistant wrote. Text longer than `maxLength` is cut into pieces that overlap by one token, so that
 * every token is predicted once; of the other kinds the end is dropped. What leaves nothing to learn makes no row.
 *
 * @throws {DatasetError} for a conversation without a chat template, or when no example leaves anything to learn
 */
export function exampleRows(options: ExampleRowsOptions): ExampleRow[] {
  const { examples, tokenizer, chatTemplate, maxLength, packing = false } = options;
  if (packing) return packedRows({ examples, tokenizer, maxLength });
  const rowOf = (ids: readonly number[], mask: readonly number[], example: number): ExampleRow => ({
    tokenIds: Int32Array.from(ids.slice(0, maxLength)),
    mask: Uint8Array.from(mask.slice(0, maxLength), (value, index) => (index === 0 ? 0 : value)),
    example,
  });
  const rowsOf = (item: SftExample, example: number): ExampleRow[] => {
    if (item.kind === 'text') {
      const ids = tokenizer.encode(item.text);
      const rows: ExampleRow[] = [];
      for (let start = 0; start + 1 < ids.length; start += maxLength - 1) {
        const piece = ids.slice(start, start + maxLength);
        rows.push(rowOf(piece, new Array<number>(piece.length).fill(1), example));
      }
      return rows;
    }
    if (item.kind === 'completion') {
      const prompt = tokenizer.encode(item.prompt);
      const completion = [...tokenizer.encode(item.completion), tokenizer.endOfTextId];
      return [rowOf([...prompt, ...completion], [...prompt.map(() => 0), ...completion.map(() => 1)], example)];
    }
    if (chatTemplate === undefined) {
      throw new DatasetError('has messages, but the model has no chat template; use prompt and completion', {
        where: `example ${example + 1}`,
      });
    }
    const { tokenIds, mask } = renderConversation({ template: chatTemplate, tokenizer, messages: item.messages });
    return [rowOf(tokenIds, mask, example)];
  };
  const rows = examples.flatMap(rowsOf).filter((row) => row.mask.includes(1));
  if (rows.length === 0) throw new DatasetError(`no example leaves a token to learn within ${maxLength} tokens`);
  return rows;
}
