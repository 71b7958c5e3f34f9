import { ModelError } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { bytesToAlphabet } from './byte-alphabet.js';
import { tokenizerFromFiles } from './tokenizer-file.js';

const alphabet = Array.from({ length: 256 }, (_, byte) => bytesToAlphabet(Uint8Array.of(byte)));
const added = ['<|endoftext|>', '<|turn|>', 'stop'].map((content, index) => ({
  id: 256 + index,
  content,
  special: true,
}));
const tokenizerJson = {
  added_tokens: added,
  normalizer: { type: 'NFC' },
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false },
  decoder: { type: 'ByteLevel' },
  model: {
    type: 'BPE',
    ignore_merges: true,
    vocab: Object.fromEntries([...alphabet, 'st', 'sto', 'op'].map((text, id) => [text, id < 256 ? id : id + 10])),
    merges: ['s t', 'st o', 'o p'],
  },
};
// The vocabulary knows the special token "stop" as well, and a merge that makes it.
Object.assign(tokenizerJson.model.vocab, { stop: 258 });
tokenizerJson.model.merges.push('st op', 'sto p');

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const load = (files: Record<string, unknown>) =>
  tokenizerFromFiles(
    new Map(Object.entries({ 'tokenizer.json': tokenizerJson, ...files }).map(([name, file]) => [name, bytes(file)])),
    'folder',
  );
const ends = (files: Record<string, unknown>) => {
  const { endOfTextId, padId, endOfTextIds } = load(files);
  return { endOfTextId, padId, endOfTextIds };
};

test('what ends and pads a text', () => {
  const config = { eos_token: { content: '<|turn|>' }, pad_token: 'stop' };
  expect(ends({ 'tokenizer_config.json': config })).toEqual({ endOfTextId: 257, padId: 258, endOfTextIds: [257] });
  expect(ends({ 'special_tokens_map.json': { eos_token: '<|turn|>' } })).toMatchObject({
    endOfTextId: 257,
    padId: 257,
  });
  expect(ends({ 'tokenizer_config.json': { eos_token: null } })).toMatchObject({ endOfTextId: 256, padId: 256 });
  expect(() => load({})).toThrow(ModelError);
  expect(() => load({ 'tokenizer_config.json': { eos_token: '</s>' } })).toThrow(/<\/s> has no id/);
});

test('all ids that end a generation', () => {
  const generation = (eos_token_id: unknown) =>
    ends({ 'tokenizer_config.json': { eos_token: '<|turn|>' }, 'generation_config.json': { eos_token_id } })
      .endOfTextIds;
  expect(generation(256)).toEqual([257, 256]);
  expect(generation([257, 256, 99_999, 'x', -1])).toEqual([257, 256]);
});

test('no text becomes a special token, also where the vocabulary has it as a word', () => {
  const tokenizer = load({ 'tokenizer_config.json': {} });
  const [sto, p] = [267, 'p'.charCodeAt(0)];
  expect(tokenizer.encode('stop')).toEqual([sto, p]);
  expect(tokenizer.encode('stop', { allowSpecial: true })).toEqual([258]);
  expect(tokenizer.decode(tokenizer.encode('stop'))).toBe('stop');
});

test('an id without a token stands for nothing', () => {
  const tokenizer = load({ 'tokenizer_config.json': {} });
  expect(tokenizer.vocabularySize).toBe(269);
  expect(tokenizer.tokenBytes(260)).toHaveLength(0);
  expect(tokenizer.decode([260])).toBe('');
});
