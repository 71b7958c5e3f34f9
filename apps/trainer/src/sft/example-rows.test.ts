import { createBytePairTokenizer, createChatTemplate } from '@dgpo/lm';
import { expect, it } from 'vitest';
import { scoredCount } from '../compute/scored-rows.js';
import { exampleRows } from './example-rows.js';

/** One token for each byte, and the end of text. */
const tokenizer = createBytePairTokenizer({
  tokens: [...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), undefined],
  merges: [],
  specialTokens: { '<|endoftext|>': 256 },
  endOfTextToken: '<|endoftext|>',
  padToken: '<|endoftext|>',
});
const bytes = (text: string) => [...Buffer.from(text)];

it('learns every token of a text but the first', () => {
  const [row] = exampleRows({ examples: [{ kind: 'text', text: 'abcd' }], tokenizer, maxLength: 16 });
  expect([...(row?.tokenIds ?? [])]).toEqual(bytes('abcd'));
  expect([...(row?.mask ?? [])]).toEqual([0, 1, 1, 1]);
});

it('cuts long text into pieces in which every token but the first is predicted once', () => {
  const text = 'abcdefghijk';
  const rows = exampleRows({ examples: [{ kind: 'text', text }], tokenizer, maxLength: 4 });
  expect(rows.map((row) => Buffer.from([...row.tokenIds]).toString())).toEqual(['abcd', 'defg', 'ghij', 'jk']);
  expect(rows.reduce((total, row) => total + scoredCount(row), 0)).toBe(text.length - 1);
  expect(rows.every((row) => row.example === 0)).toBe(true);
});

it('learns the completion and its end, never the prompt', () => {
  const examples = [{ kind: 'completion' as const, prompt: 'ab', completion: 'cd' }];
  const [row] = exampleRows({ examples, tokenizer, maxLength: 16 });
  expect([...(row?.tokenIds ?? [])]).toEqual([...bytes('abcd'), 256]);
  expect([...(row?.mask ?? [])]).toEqual([0, 0, 1, 1, 1]);
});

it('learns what the assistant wrote in a conversation, through the chat template', () => {
  const chatTemplate = createChatTemplate({
    source:
      '{% for m in messages %}{{ m.role[0] }}:{{ m.content }}<|endoftext|>{% endfor %}{% if add_generation_prompt %}a:{% endif %}',
  });
  const messages = [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: 'yo' },
  ];
  const [row] = exampleRows({ examples: [{ kind: 'messages', messages }], tokenizer, chatTemplate, maxLength: 32 });
  expect([...(row?.tokenIds ?? [])]).toEqual([...bytes('u:hi'), 256, ...bytes('a:yo'), 256]);
  expect([...(row?.mask ?? [])]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
});

it('drops the end of a long completion, and what leaves nothing to learn', () => {
  const examples = [
    { kind: 'completion' as const, prompt: 'abcdef', completion: 'x' },
    { kind: 'completion' as const, prompt: 'ab', completion: 'cdef' },
    { kind: 'text' as const, text: 'a' },
  ];
  const rows = exampleRows({ examples, tokenizer, maxLength: 4 });
  expect(rows.map((row) => [row.example, [...row.tokenIds], [...row.mask]])).toEqual([
    [1, bytes('abcd'), [0, 0, 1, 1]],
  ]);
});

it('packs texts into full sequences, the end of text after each, and predicts every token but the very first once', () => {
  const examples = ['abcde', 'fg', 'h'].map((text) => ({ kind: 'text' as const, text }));
  const rows = exampleRows({ examples, tokenizer, maxLength: 5, packing: true });
  expect(rows.map((row) => [...row.tokenIds])).toEqual([
    bytes('abcde'),
    [...bytes('e'), 256, ...bytes('fg'), 256],
    [256, ...bytes('h'), 256],
  ]);
  expect(rows.map((row) => [...row.mask])).toEqual([
    [0, 1, 1, 1, 1],
    [0, 1, 1, 1, 1],
    [0, 1, 1],
  ]);
  expect(rows.map((row) => row.example)).toEqual([0, 0, 1]);
  const prompt = { kind: 'completion' as const, prompt: 'a', completion: 'b' };
  expect(() => exampleRows({ examples: [...examples, prompt], tokenizer, maxLength: 5, packing: true })).toThrow(
    'example 4: has a prompt or messages, which `packing` cannot join',
  );
});

it('says what is missing', () => {
  const messages = [{ role: 'assistant', content: 'hello' }];
  expect(() => exampleRows({ examples: [{ kind: 'messages', messages }], tokenizer, maxLength: 8 })).toThrow(
    'example 1: has messages, but the model has no chat template',
  );
  expect(() => exampleRows({ examples: [{ kind: 'text', text: 'a' }], tokenizer, maxLength: 8 })).toThrow(
    'no example leaves a token to learn within 8 tokens',
  );
});
