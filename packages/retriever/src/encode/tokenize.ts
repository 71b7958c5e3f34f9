import type { TokenizedTexts, TransformersTokenizer } from './transformers-module.js';

/** Token ids of texts, or of pairs, cut at `maxTokens` and padded to the longest. */
export type Tokenize = (options: { texts: string[]; pairs?: string[]; maxTokens: number }) => TokenizedTexts;

/** The special token that every text ends with, or undefined: what two texts of different tokens have in common there. */
function findEnd(tokenizer: TransformersTokenizer): bigint | undefined {
  const [first, second] = ['a', 'b'].map((text) =>
    tokenizer([text], { padding: true, truncation: true, max_length: 16 }).input_ids.data.at(-1),
  );
  return first === second ? first : undefined;
}

/**
 * Tokenizes as the Python library does. transformers.js cuts a long text behind its special tokens and so loses the one at the end (`[SEP]`), which
 * moves the vector of a long passage by some thousandths: it is put back in place of the last token.
 */
export function createTokenize(tokenizer: TransformersTokenizer): Tokenize {
  const end = findEnd(tokenizer);
  return ({ texts, pairs, maxTokens }) => {
    const options = { padding: true, truncation: true, max_length: maxTokens };
    const inputs = tokenizer(texts, pairs === undefined ? options : { ...options, text_pair: pairs });
    const { dims, data } = inputs.input_ids;
    const width = dims.at(-1) ?? 0;
    if (end === undefined) return inputs;
    for (let last = width - 1; last < data.length; last += width) {
      // Only a text that is as long as the longest can have been cut.
      if (Number(inputs.attention_mask.data[last]) === 1) data[last] = end;
    }
    return inputs;
  };
}
