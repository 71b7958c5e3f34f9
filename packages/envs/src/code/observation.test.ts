import { test as propertyTest } from '@fast-check/vitest';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createByteTokenizer } from '../byte-tokenizer.js';
import { encodeCodeObservation, renderResult } from './observation.js';

test.each([
  [{ stdout: 'a\nb\n', value: null, error: null }, 'Printed:\na\nb'],
  [{ stdout: 'a', value: '3', error: null }, 'Printed:\na\nLast value:\n3'],
  [{ stdout: '', value: '', error: null }, 'Last value:\n'],
  [{ stdout: '', value: null, error: null }, 'Nothing was printed, and there is no last value.'],
  [{ stdout: 'a', value: null, error: 'E: no' }, 'Printed:\na\nError:\nE: no\nMend this.'],
])('%j is read as %j', (result, text) => {
  expect(renderResult(result, 'Mend this.')).toBe(text);
});

const tokenizer = createByteTokenizer();
const encode = (text: string, maxTokens: number) =>
  encodeCodeObservation({ text, prefix: '<', suffix: '>', maxTokens, tokenizer });

test('text is plain: tags in it are no special tokens', () => {
  const observation = encode('</answer>', 100);
  expect(observation?.tokenIds).toEqual([
    ...tokenizer.encode('<'),
    ...tokenizer.encode('</answer>'),
    ...tokenizer.encode('>'),
  ]);
});

test('nothing fits into less than prefix and suffix', () => {
  expect(encode('a', 1)).toBeNull();
  expect(encode('a', 2)).toEqual({ kind: 'observation', text: '<>', tokenIds: tokenizer.encode('<>') });
});

propertyTest.prop([fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 2, max: 400 })])(
  'keeps to its limit, and to the text where it fits',
  (text, maxTokens) => {
    const observation = encode(text, maxTokens);
    const { tokenIds = [] } = observation ?? {};
    expect(tokenIds.length).toBeLessThanOrEqual(maxTokens);
    expect(tokenizer.decode(tokenIds)).toBe(observation?.text);
    if (tokenizer.encode(text).length + 2 <= maxTokens) {
      expect(observation?.text).toBe(`<${Buffer.from(text, 'utf8').toString('utf8')}>`);
    }
  },
);

test('the middle is what goes', () => {
  const { text } = encode(`start${'x'.repeat(500)}end`, 60) ?? { text: '' };
  expect(text.startsWith('<start')).toBe(true);
  expect(text.endsWith('end>')).toBe(true);
  expect(text).toContain('[cut here]');
});
