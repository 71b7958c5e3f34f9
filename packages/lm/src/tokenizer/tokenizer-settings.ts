import { ModelError } from '@dgpo/trajectory';

/** What the files beside `tokenizer.json` say of its tokens. */
export interface TokenizerSettings {
  endOfTextToken: string;
  padToken: string;
  /** The ids that end a generation, as `generation_config.json` lists them. */
  endOfTextIds: readonly number[];
}

const fieldOf = (json: unknown, key: string): unknown =>
  typeof json === 'object' && json !== null ? Reflect.get(json, key) : undefined;

/** The token that a key such as `eos_token` names, as text or as an object with `content`. */
export function namedToken(json: unknown, key: string): string | undefined {
  const value = fieldOf(json, key);
  const content = typeof value === 'object' ? fieldOf(value, 'content') : value;
  return typeof content === 'string' ? content : undefined;
}

/**
 * Finds the tokens that end and pad a text: `eos_token` and `pad_token` of `tokenizer_config.json`, else of
 * `special_tokens_map.json`; `<|endoftext|>` ends where `tokenizer_config.json` is there and says nothing, and it is an added token. Without a pad token
 * the one that ends a text pads.
 * @throws {ModelError} when nothing ends a text.
 */
export function readTokenizerSettings(files: {
  tokenizerJson: unknown;
  config: unknown;
  specialTokensMap: unknown;
  generationConfig: unknown;
  where: string;
}): TokenizerSettings {
  const named = (key: string) => namedToken(files.config, key) ?? namedToken(files.specialTokensMap, key);
  const added = fieldOf(files.tokenizerJson, 'added_tokens');
  const hasDefault = Array.isArray(added) && added.some((token) => fieldOf(token, 'content') === '<|endoftext|>');
  const endOfTextToken = named('eos_token') ?? (hasDefault && files.config !== undefined ? '<|endoftext|>' : undefined);
  if (endOfTextToken === undefined) {
    throw new ModelError('"eos_token" is missing: name the token that ends a text', { where: files.where });
  }
  const listed = [fieldOf(files.generationConfig, 'eos_token_id')].flat();
  return {
    endOfTextToken,
    padToken: named('pad_token') ?? endOfTextToken,
    endOfTextIds: listed.filter((id): id is number => typeof id === 'number' && Number.isSafeInteger(id) && id >= 0),
  };
}
