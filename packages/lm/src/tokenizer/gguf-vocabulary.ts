import { ModelError } from '@dgpo/trajectory';
import type { GgufValue } from '../weights/gguf/metadata-value.js';

/** The vocabulary in the metadata of a GGUF file; ids are places in `tokens`. */
export interface GgufVocabulary {
  model: string;
  tokens: readonly string[];
  /** `llama_token_type` by id: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; empty when absent. */
  types: readonly number[];
  scores: readonly number[];
  merges: readonly string[];
  pre: string | undefined;
  chatTemplate: string | undefined;
  addSpacePrefix: boolean;
  addBos: boolean | undefined;
  addEos: boolean | undefined;
  /** The tokens that `tokenizer.ggml.*_token_id` names. */
  bos: string | undefined;
  eos: string | undefined;
  unknown: string | undefined;
  pad: string | undefined;
}

/** @throws {ModelError} naming the key that is missing or of another type. */
export function readGgufVocabulary(metadata: ReadonlyMap<string, GgufValue>): GgufVocabulary {
  const key = (name: string) => `tokenizer.ggml.${name}`;
  const text = (name: string): string | undefined => {
    const value = metadata.get(name);
    if (value !== undefined && typeof value !== 'string') throw new ModelError(`${name} is no text`);
    return value;
  };
  const flag = (name: string): boolean | undefined => {
    const value = metadata.get(key(name));
    if (value !== undefined && typeof value !== 'boolean') throw new ModelError(`${key(name)} is no boolean`);
    return value;
  };
  const texts = (name: string): string[] => {
    const value = metadata.get(key(name)) ?? [];
    if (!Array.isArray(value)) throw new ModelError(`${key(name)} is no array`);
    return value.map((item) => {
      if (typeof item !== 'string') throw new ModelError(`${key(name)} holds something that is no text`);
      return item;
    });
  };
  const tokens = texts('tokens');
  if (tokens.length === 0) throw new ModelError(`${key('tokens')} is missing; the file has no vocabulary`);
  const numbers = (name: string): number[] => {
    const value = metadata.get(key(name)) ?? [];
    if (!Array.isArray(value) || (value.length !== 0 && value.length !== tokens.length)) {
      throw new ModelError(`${key(name)} is no array of ${tokens.length} numbers`);
    }
    return value.map((item) => {
      if (typeof item !== 'number') throw new ModelError(`${key(name)} holds something that is no number`);
      return item;
    });
  };
  const tokenOf = (name: string): string | undefined => {
    const id = metadata.get(key(name));
    if (id === undefined) return undefined;
    const token = typeof id === 'number' ? tokens[id] : undefined;
    if (token === undefined) throw new ModelError(`${key(name)} is ${id}, which is no id of ${tokens.length} tokens`);
    return token;
  };
  return {
    model: text(key('model')) ?? '',
    tokens,
    types: numbers('token_type'),
    scores: numbers('scores'),
    merges: texts('merges'),
    pre: text(key('pre')),
    chatTemplate: text('tokenizer.chat_template'),
    addSpacePrefix: flag('add_space_prefix') ?? true,
    addBos: flag('add_bos_token'),
    addEos: flag('add_eos_token'),
    bos: tokenOf('bos_token_id'),
    eos: tokenOf('eos_token_id') ?? tokenOf('eot_token_id'),
    unknown: tokenOf('unknown_token_id'),
    pad: tokenOf('padding_token_id'),
  };
}
