import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import fc from 'fast-check';
import r50k from 'gpt-tokenizer/encoding/r50k_base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gpt2TokenizerJson } from './gpt2-vocabulary.js';
import { loadTokenizer, saveTokenizer } from './tokenizer-file.js';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-gpt2-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function folder(files: Record<string, unknown>): Promise<string> {
  const path = await mkdtemp(join(directory, 'model-'));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(path, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return path;
}
const config = { model_type: 'gpt2', vocab_size: 50257 };
const texts = ["It's 1998: don't, they'll   go.\n\n\tx", 'naïve café 東京 🙂', '<|endoftext|>', ''];

test('GPT-2 without tokenizer files has the vocabulary r50k_base', async () => {
  const tokenizer = await loadTokenizer(await folder({ 'config.json': config }));
  expect([tokenizer.vocabularySize, tokenizer.endOfTextId, tokenizer.padId]).toEqual([50257, 50256, 50256]);
  const expected = (text: string) => r50k.encode(text, { disallowedSpecial: new Set<string>() });
  for (const text of texts) expect(tokenizer.encode(text)).toEqual(expected(text));
  // gpt-tokenizer splits with JavaScript's \s, which differs from GPT-2's on these two characters.
  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((any) => any.replace(/[\u0085\ufeff]/g, ' '));
  fc.assert(
    fc.property(text, (any) => {
      expect(tokenizer.encode(any)).toEqual(expected(any));
      expect(tokenizer.decode(tokenizer.encode(any))).toBe(any);
    }),
    { numRuns: 300 },
  );
  expect(tokenizer.encode('a<|endoftext|>', { allowSpecial: true })).toEqual([64, 50256]);
}, 30_000);

test('vocab.json and merges.txt are read as they are, and saved with a tokenizer.json', async () => {
  const json = gpt2TokenizerJson() as { model: { vocab: Record<string, number>; merges: string[] } };
  const { vocab, merges } = json.model;
  const path = await folder({
    'config.json': config,
    'vocab.json': vocab,
    'merges.txt': `#version: 0.2\n${merges.join('\n')}\n`,
    'tokenizer_config.json': { model_max_length: 1024, chat_template: 'kept' },
  });
  const tokenizer = await loadTokenizer(path);
  for (const text of texts) {
    expect(tokenizer.encode(text)).toEqual(r50k.encode(text, { disallowedSpecial: new Set<string>() }));
  }
  const saved = join(directory, 'saved');
  await saveTokenizer(tokenizer, saved);
  const again = await loadTokenizer(saved);
  expect(again.encode(texts.join())).toEqual(tokenizer.encode(texts.join()));
  expect(again.endOfTextId).toBe(50256);
}, 30_000);

test('other folders without tokenizer files are refused', async () => {
  const path = await folder({ 'config.json': { model_type: 'llama', vocab_size: 50257 } });
  await expect(loadTokenizer(path)).rejects.toThrow(ModelError);
  await expect(loadTokenizer(path)).rejects.toThrow(/tokenizer\.json is missing/);
  const endless = await folder({ 'vocab.json': { a: 0 }, 'merges.txt': '' });
  await expect(loadTokenizer(endless)).rejects.toThrow(/vocab\.json.* has no <\|endoftext\|>/);
});
