import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { namedToken } from '../tokenizer/tokenizer-settings.js';

/** Ids of the tokens that a model knows to be special. */
export interface SpecialIds {
  /** The tokens that end a text, the first one that of `tokenizer_config.json`. */
  endOfTextIds: readonly number[];
  padId: number;
  /** The token that begins a text, where there is one. */
  beginOfTextId?: number | undefined;
}

/** The ids of a tokenizer; what begins a text only its files say. */
export function specialIdsOf(tokenizer: Tokenizer): SpecialIds {
  const { endOfTextIds, padId, specialTokens, files } = tokenizer;
  const bytes = files?.get('tokenizer_config.json');
  const begin = bytes === undefined ? undefined : namedToken(JSON.parse(new TextDecoder().decode(bytes)), 'bos_token');
  return { endOfTextIds, padId, beginOfTextId: begin === undefined ? undefined : specialTokens[begin] };
}
