import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBytePairTokenizer } from './byte-pair-tokenizer.js';
import { trainCompactTokenizer } from './compact-tokenizer.js';
import { loadTokenizer, saveTokenizer } from './tokenizer-file.js';

const tokenizer = trainCompactTokenizer({
  texts: [
    'The capital of Norway is Oslo, and the capital of Sweden is Stockholm. The river runs through the country.',
    "It's the largest country of the region; the population in 1998 was 10,000,000 and the others don't know.",
    'naïve café, naïve café — 東京, 東京 🙂🙂',
  ],
  specialTokens: ['<search>', '</search>'],
  maximumPieces: 80,
});

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-tokenizer-'));
});
afterAll(() => rm(directory, { recursive: true }));

test('Hugging Face tokenizers segments text as this tokenizer does', async () => {
  // Written by the Python package tokenizers 0.23.3 from the tokenizer.json of the tokenizer above.
  const golden: { text: string; ids: number[] }[] = JSON.parse(
    await readFile(new URL('./__fixtures__/hugging-face-golden.json', import.meta.url), 'utf8'),
  );
  expect(golden.length).toBeGreaterThan(20);
  for (const { text, ids } of golden) expect(tokenizer.encode(text, { allowSpecial: true })).toEqual(ids);
});

test('a saved tokenizer comes back the same, and is saved as the same bytes', async () => {
  const [first, second] = [join(directory, 'first'), join(directory, 'second')];
  await saveTokenizer(tokenizer, first);
  const loaded = await loadTokenizer(first);
  expect(loaded).toMatchObject({ model: tokenizer.model });
  expect([loaded.padId, loaded.endOfTextId, { ...loaded.specialTokens }]).toEqual([
    0,
    1,
    { '<|pad|>': 0, '<|endoftext|>': 1, '<search>': 2, '</search>': 3 },
  ]);
  await saveTokenizer(loaded, second);
  expect((await readdir(first)).sort()).toEqual(['tokenizer.json', 'tokenizer_config.json']);
  for (const name of await readdir(first)) {
    expect(await readFile(join(second, name))).toEqual(await readFile(join(first, name)));
  }
});

test('a special token spelled like a piece cannot be saved', async () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  const clash = createBytePairTokenizer({
    tokens: [...bytes, new TextEncoder().encode('he'), undefined],
    merges: [[104, 101]],
    specialTokens: { he: 257 },
    endOfTextToken: 'he',
    padToken: 'he',
  });
  expect([clash.encode('he'), clash.encode('he', { allowSpecial: true })]).toEqual([[256], [257]]);
  await expect(saveTokenizer(clash, join(directory, 'clash'))).rejects.toThrow(ModelError);
});

interface LooseFile {
  [key: string]: unknown;
  added_tokens: Record<string, unknown>[];
  pre_tokenizer: object;
  model: { vocab: Record<string, unknown>; merges: unknown[] };
}

describe('a damaged file is refused by name', () => {
  let good: { tokenizer: LooseFile; config: unknown };
  beforeAll(async () => {
    const folder = join(directory, 'good');
    await saveTokenizer(tokenizer, folder);
    good = {
      tokenizer: JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8')),
      config: JSON.parse(await readFile(join(folder, 'tokenizer_config.json'), 'utf8')),
    };
  });

  const attempt = async (files: { tokenizer: unknown; config: unknown }) => {
    const folder = await mkdtemp(join(directory, 'bad-'));
    const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
    await writeFile(join(folder, 'tokenizer.json'), text(files.tokenizer));
    await writeFile(join(folder, 'tokenizer_config.json'), text(files.config));
    return loadTokenizer(folder);
  };

  const cases: [name: string, message: RegExp, damage: (file: LooseFile) => void][] = [
    ['another model', /model\.type is "Unigram"/, (f) => Object.assign(f.model, { type: 'Unigram' })],
    [
      'a normalizer',
      /normalizer\.type is "Precompiled"/,
      (f) => Object.assign(f, { normalizer: { type: 'Precompiled' } }),
    ],
    [
      'another pre-tokenizer',
      /pre_tokenizer and decoder/,
      (f) => Object.assign(f.pre_tokenizer, { type: 'Metaspace' }),
    ],
    ['a prefix space', /add_prefix_space/, (f) => Object.assign(f.pre_tokenizer, { add_prefix_space: true })],
    ['dropout', /model\.dropout/, (f) => Object.assign(f.model, { dropout: 0.1 })],
    ['no vocabulary', /model\.vocab is no object/, (f) => Object.assign(f.model, { vocab: null })],
    ['a missing byte', /repeated or not below|has no content|byte 65/, (f) => delete f.model.vocab.A],
    ['a repeated id', /repeated/, (f) => Object.assign(f.model.vocab, { A: f.model.vocab.B })],
    ['a negative id', /-1/, (f) => Object.assign(f.model.vocab, { A: -1 })],
    ['an id that is text', /"7"/, (f) => Object.assign(f.model.vocab, { A: '7' })],
    ['a huge id', /not below/, (f) => Object.assign(f.model.vocab, { A: 1e12 })],
    ['a piece that is no bytes', /not byte-level/, (f) => Object.assign(f.model.vocab, { 東: 9 })],
    ['merges that are no array', /model\.merges is no array/, (f) => Object.assign(f.model, { merges: {} })],
    ['a merge of one part', /merges\[0\] is no pair/, (f) => f.model.merges.unshift('A')],
    ['a merge of unknown parts', /merges\[0\] names/, (f) => f.model.merges.unshift('zzzz A')],
    ['a merge that makes no token', /merge 0/, (f) => f.model.merges.unshift('Ģ ģ')],
    ['a repeated merge', /listed twice/, (f) => f.model.merges.push(f.model.merges[0])],
    ['a merge of a prototype name', /merges\[0\] names/, (f) => f.model.merges.unshift('__proto__ constructor')],
    ['a repeated special token', /repeats/, (f) => f.added_tokens.push({ ...f.added_tokens[0], id: 9999 })],
    ['special tokens of one id', /repeats/, (f) => Object.assign(f.added_tokens[0] ?? {}, { id: 1 })],
  ];
  test.each(cases)('%s', async (_, message, damage) => {
    const file = structuredClone(good.tokenizer);
    damage(file);
    const error = await attempt({ tokenizer: file, config: good.config }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ModelError);
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain('tokenizer.json');
  });

  test('no JSON, a missing file, a missing end of text', async () => {
    await expect(attempt({ tokenizer: '{', config: good.config })).rejects.toThrow(/tokenizer\.json: cannot be read/);
    await expect(attempt({ tokenizer: '[]', config: good.config })).rejects.toThrow(/tokenizer\.json: the file is no/);
    const nameless = { ...good.tokenizer, added_tokens: [] };
    await expect(attempt({ tokenizer: nameless, config: {} })).rejects.toThrow(/config\.json: "eos_token"/);
    const config = { eos_token: 'nowhere' };
    await expect(attempt({ tokenizer: good.tokenizer, config })).rejects.toThrow(/special token nowhere/);
    await mkdir(join(directory, 'empty'));
    await expect(loadTokenizer(join(directory, 'empty'))).rejects.toThrow(ModelError);
  });

  test('pairs as arrays, tokens as objects and a missing pad token are read', async () => {
    const file = structuredClone(good.tokenizer);
    file.model.merges = file.model.merges.map((merge) => String(merge).split(' '));
    const loaded = await attempt({ tokenizer: file, config: { eos_token: { content: '<|endoftext|>' } } });
    expect(loaded).toMatchObject({ model: { merges: tokenizer.model.merges } });
    expect(loaded.padId).toBe(1);
  });
});
