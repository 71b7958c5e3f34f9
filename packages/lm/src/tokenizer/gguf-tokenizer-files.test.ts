import { ModelError } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import type { GgufValue } from '../weights/gguf/metadata-value.js';
import { bytesToAlphabet } from './byte-alphabet.js';
import { ggufTokenizerFiles, mergesOfScores } from './gguf-tokenizer-files.js';
import { tokenizerFromFiles } from './tokenizer-file.js';

const metadata = (fields: Record<string, GgufValue>) =>
  new Map(Object.entries(fields).map(([key, value]) => [`tokenizer.${key}`, value]));

function load(fields: Record<string, GgufValue>) {
  const { tokenizerJson, tokenizerConfig } = ggufTokenizerFiles(metadata(fields));
  const bytes = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  return tokenizerFromFiles(
    new Map([
      ['tokenizer.json', bytes(tokenizerJson)],
      ['tokenizer_config.json', bytes(tokenizerConfig)],
    ]),
    'model.gguf',
  );
}

const alphabet = Array.from({ length: 256 }, (_, byte) => bytesToAlphabet(Uint8Array.of(byte)));
const pieces = ['Ġa', '12', '123', 'Ġ1', 'é', 'ab'];
/** Ids: 0 end, 1 start, 2 a user-defined token, 3… bytes, then the pieces. */
const byteLevel: Record<string, GgufValue> = {
  'ggml.model': 'gpt2',
  'ggml.pre': 'llama-bpe',
  'ggml.tokens': ['<|end|>', '<|start|>', '<think>', ...alphabet, ...pieces.map((text) => text.replace('é', 'Ã©'))],
  'ggml.token_type': [3, 3, 4, ...[...alphabet, ...pieces].map(() => 1)],
  'ggml.merges': ['Ġ a', '1 2', '12 3', 'Ġ 1', 'Ã ©', 'a b'],
  'ggml.eos_token_id': 0,
  'ggml.bos_token_id': 1,
  chat_template: '{{ messages }}',
};
const at = (piece: string) => 259 + pieces.indexOf(piece);
const byte = (char: string) => 3 + char.charCodeAt(0);

describe('byte-level vocabularies', () => {
  const words: [pre: string, text: string, ids: number[]][] = [
    // Llama 3 takes up to three digits together and no space with them.
    ['llama-bpe', ' 1234', [byte(' '), at('123'), byte('4')]],
    // Qwen takes digits one by one, and composes accents.
    ['qwen2', ' 12e\u0301', [byte(' '), byte('1'), byte('2'), at('é')]],
    ['smollm', ' 12', [byte(' '), byte('1'), byte('2')]],
    ['gpt-2', ' 123', [at('Ġ1'), byte('2'), byte('3')]],
    ['default', ' 123', [at('Ġ1'), byte('2'), byte('3')]],
    ['tekken', '12é', [byte('1'), byte('2'), at('é')]],
  ];
  test.each(words)('%s splits as its model does', (pre, text, ids) => {
    const tokenizer = load({ ...byteLevel, 'ggml.pre': pre });
    // "Ġ 1" comes after "1 2", so GPT-2's words are merged from the left only where the ranks say so.
    const merges = pre === 'gpt-2' || pre === 'default' ? ['Ġ 1', 'Ġ a', '1 2', '12 3', 'Ã ©', 'a b'] : undefined;
    const used = merges ? load({ ...byteLevel, 'ggml.pre': pre, 'ggml.merges': merges }) : tokenizer;
    expect(used.encode(text)).toEqual(ids);
    expect(used.decode(ids)).toBe(text.normalize(pre === 'qwen2' ? 'NFC' : undefined));
  });

  test('control tokens are special, user-defined ones are found in every text', () => {
    const tokenizer = load(byteLevel);
    expect({ ...tokenizer.specialTokens }).toEqual({ '<|end|>': 0, '<|start|>': 1 });
    expect(tokenizer.encode('a<think>ab')).toEqual([byte('a'), 2, at('ab')]);
    expect(tokenizer.encode('<|end|>')).not.toContain(0);
    expect(tokenizer.encode('<|end|>', { allowSpecial: true })).toEqual([0]);
    expect([tokenizer.endOfTextId, tokenizer.padId, tokenizer.vocabularySize]).toEqual([0, 0, 265]);
  });

  test('carries the chat template and the token that begins a text', () => {
    const { tokenizerJson, tokenizerConfig } = ggufTokenizerFiles(
      metadata({ ...byteLevel, 'ggml.add_bos_token': true }),
    );
    expect(tokenizerConfig).toMatchObject({
      chat_template: '{{ messages }}',
      bos_token: '<|start|>',
      eos_token: '<|end|>',
      add_bos_token: true,
    });
    expect(tokenizerJson).toMatchObject({
      post_processor: { single: [{ SpecialToken: { id: '<|start|>' } }, { Sequence: { id: 'A' } }] },
    });
    expect(ggufTokenizerFiles(metadata(byteLevel)).tokenizerJson).toMatchObject({ post_processor: null });
  });
});

const bytePieces = Array.from(
  { length: 256 },
  (_, value) => `<0x${value.toString(16).toUpperCase().padStart(2, '0')}>`,
);
const spoken = ['▁', 'a', 'b', 'c', 'ab', '▁a', '▁ab', 'bc'];
const sentencePiece: Record<string, GgufValue> = {
  'ggml.model': 'llama',
  'ggml.tokens': ['<unk>', '<s>', '</s>', ...bytePieces, ...spoken],
  'ggml.token_type': [2, 3, 3, ...bytePieces.map(() => 6), ...spoken.map(() => 1)],
  // A higher score is merged first: "bc" before "ab", "▁a" last.
  'ggml.scores': [0, 0, 0, ...bytePieces.map(() => 0), -9, -9, -9, -9, -2, -4, -3, -1],
  'ggml.bos_token_id': 1,
  'ggml.eos_token_id': 2,
  'ggml.unknown_token_id': 0,
};
const spokenAt = (piece: string) => 259 + spoken.indexOf(piece);

describe('SentencePiece vocabularies', () => {
  test('merge by score', () => {
    expect(mergesOfScores(['a', 'b', 'c', 'ab', 'bc', 'abc'], [-9, -9, -9, -2, -1, -3])).toEqual([
      ['b', 'c'],
      ['a', 'b'],
      // The longer left part first.
      ['ab', 'c'],
      ['a', 'bc'],
    ]);
    const tokenizer = load(sentencePiece);
    expect(tokenizer.encode('ab')).toEqual([spokenAt('▁ab')]);
    expect(tokenizer.encode('abc a')).toEqual([spokenAt('▁a'), spokenAt('bc'), spokenAt('▁a')]);
  });

  test('fall back to bytes, and take back the space they put first', () => {
    const tokenizer = load(sentencePiece);
    const text = 'é\n a';
    expect(tokenizer.encode(text)).toEqual([259, 3 + 0xc3, 3 + 0xa9, 3 + 0x0a, spokenAt('▁a')]);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    expect(tokenizer.encode('</s>')).not.toContain(2);
    const without = load({ ...sentencePiece, 'ggml.add_space_prefix': false });
    expect(without.encode('ab')).toEqual([spokenAt('ab')]);
    expect(without.decode(without.encode(' ab'))).toBe(' ab');
  });

  test('begin with BOS in transformers unless the file says otherwise', () => {
    expect(ggufTokenizerFiles(metadata(sentencePiece)).tokenizerConfig).toMatchObject({ add_bos_token: true });
  });
});

describe('what cannot be read is named', () => {
  const cases: [name: string, message: RegExp, fields: Record<string, GgufValue>][] = [
    ['another kind', /ggml\.model is "bert"/, { ...byteLevel, 'ggml.model': 'bert' }],
    ['unknown words', /ggml\.pre is "jais"/, { ...byteLevel, 'ggml.pre': 'jais' }],
    ['no tokens', /ggml\.tokens is missing/, { 'ggml.model': 'gpt2' }],
    ['tokens that are no texts', /ggml\.tokens holds/, { ...byteLevel, 'ggml.tokens': [1, 2] }],
    [
      'a token twice',
      /holds "<s>" twice/,
      {
        ...sentencePiece,
        'ggml.tokens': ['<s>', '<s>'],
        'ggml.token_type': [],
        'ggml.scores': [0, 0],
        'ggml.eos_token_id': 1,
      },
    ],
    ['too few types', /ggml\.token_type is no array of 265/, { ...byteLevel, 'ggml.token_type': [1] }],
    ['an end outside', /ggml\.eos_token_id is 999/, { ...byteLevel, 'ggml.eos_token_id': 999 }],
    ['no scores', /ggml\.scores is missing/, { ...sentencePiece, 'ggml.scores': [] }],
    ['a flag that is text', /ggml\.add_bos_token is no boolean/, { ...byteLevel, 'ggml.add_bos_token': 'yes' }],
  ];
  test.each(cases)('%s', (_, message, fields) => {
    expect(() => ggufTokenizerFiles(metadata(fields))).toThrow(ModelError);
    expect(() => ggufTokenizerFiles(metadata(fields))).toThrow(message);
  });

  test('no word splitting at all', () => {
    const { 'ggml.pre': _, ...fields } = byteLevel;
    expect(() => ggufTokenizerFiles(metadata(fields))).toThrow(/ggml\.pre is missing/);
  });
});
