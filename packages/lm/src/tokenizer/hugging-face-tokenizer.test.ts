import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelError } from '@dgpo/trajectory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHuggingFaceTokenizer } from './hugging-face-tokenizer.js';
import { createStopMatcher } from './stop-sequences.js';
import type { Tokenizer } from './tokenizer.js';
import { loadTokenizer, saveTokenizer } from './tokenizer-file.js';

interface Golden {
  rows: { text: string; plain: number[]; special: number[]; decoded: string; skipped: string }[];
}

const folderOf = (kind: string) => fileURLToPath(new URL(`./__fixtures__/kinds/${kind}/`, import.meta.url));
const byteLevel = ['llama3', 'qwen2', 'smollm2'];
const sentencePiece = ['sentencepiece', 'sentencepiece-legacy'];
const kinds: Record<string, Tokenizer> = {};
for (const kind of [...byteLevel, ...sentencePiece]) kinds[kind] = await loadTokenizer(folderOf(kind));
const allKinds = Object.entries(kinds);

/** Any text, with code, markup and the names of special tokens in it. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.stringMatching(/^[a-z ]{0,12}$/),
      fc.constantFrom(
        '<|end|>',
        '<|start|>',
        '<tool>',
        '</p>\n',
        'def f(x):\n\t',
        "it's",
        ' 1998',
        '\r\n\n',
        '▁',
        '\u0085',
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

/** What a text is after the normalisation of its kind. */
function normalized(kind: string, text: string): string {
  if (kind === 'qwen2') return text.normalize('NFC');
  if (kind === 'sentencepiece-legacy') return text.replaceAll('▁', ' ');
  // A text that begins with a space or its mark gets no second one, and decoding takes away one.
  if (kind === 'sentencepiece') return text.replaceAll('▁', ' ').replace(/^ /, '');
  return text;
}

describe.each(allKinds)('%s', (kind, tokenizer) => {
  test('gives the ids and texts of the Rust library', async () => {
    const golden: Golden = JSON.parse(await readFile(join(folderOf(kind), 'golden.json'), 'utf8'));
    expect(golden.rows.length).toBeGreaterThan(25);
    for (const { text, plain, special, decoded, skipped } of golden.rows) {
      expect([text, tokenizer.encode(text)]).toEqual([text, plain]);
      expect([text, tokenizer.encode(text, { allowSpecial: true })]).toEqual([text, special]);
      expect(tokenizer.decode(special)).toBe(decoded);
      expect(tokenizer.decode(special, { skipSpecial: true })).toBe(skipped);
    }
  });

  test('brings every text back, within its normalisation, and no special token out of it', () => {
    const specialIds = new Set(Object.values(tokenizer.specialTokens));
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = tokenizer.encode(text);
        expect(ids.some((id) => specialIds.has(id))).toBe(false);
        expect(tokenizer.decode(ids)).toBe(normalized(kind, text));
      }),
      { numRuns: 300 },
    );
  });

  test('decodes a stream as the whole, and every token to its bytes', () => {
    const id = fc.nat(tokenizer.vocabularySize - 1);
    fc.assert(
      fc.property(fc.array(id, { maxLength: 12 }), fc.boolean(), fc.boolean(), (ids, skipSpecial, continuation) => {
        const options = { skipSpecial, continuation };
        const stream = tokenizer.decodeStream(options);
        const pieces = [...ids.map((one) => stream.push(one)), stream.end()];
        expect(pieces.join('')).toBe(tokenizer.decode(ids, options));
        for (const piece of pieces.slice(0, -1)) expect(piece).toBe(piece.replace(/\p{Surrogate}/gu, ''));
        if (!skipSpecial && continuation) {
          const bytes = Buffer.concat(ids.map((one) => tokenizer.tokenBytes(one)));
          expect(pieces.join('')).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('finds a stop string wherever the tokens are cut', () => {
    const stop = '</answer>\n🙂';
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z< ]{0,10}$/), fc.stringMatching(/^[a-z> ]{0,10}$/), (before, after) => {
        const state = createStopMatcher({ tokenizer, stop: [stop] }).start();
        let seen: number[] = [];
        for (const id of tokenizer.encode(`${before}${stop}${after}`)) {
          seen = [...seen, id];
          if (state.push(id).matched !== null) break;
        }
        const text = tokenizer.decode(seen);
        expect(text).toContain(stop);
        expect(tokenizer.decode(seen.slice(0, -1))).not.toContain(stop);
      }),
      { numRuns: 100 },
    );
  });

  test('an escape character keeps a special token ordinary and leaves no trace', () => {
    const escapeCharacter = '\ue000';
    const ids = tokenizer.encode(`a <${escapeCharacter}|end|> b<|end|>`, { allowSpecial: true, escapeCharacter });
    expect(ids).toEqual([...tokenizer.encode('a <|end|> b'), tokenizer.endOfTextId]);
  });

  test('is saved byte for byte', async () => {
    const target = await mkdtemp(join(tmpdir(), 'dgpo-kind-'));
    await saveTokenizer(tokenizer, target);
    expect((await readdir(target)).sort()).toEqual(['tokenizer.json', 'tokenizer_config.json']);
    for (const name of await readdir(target)) {
      expect(await readFile(join(target, name))).toEqual(await readFile(join(folderOf(kind), name)));
    }
    await rm(target, { recursive: true });
  });

  test('says what its tokens are', () => {
    expect(tokenizer.vocabularySize).toBeGreaterThan(300);
    expect(tokenizer.decode([tokenizer.padId, tokenizer.endOfTextId])).toBe('<|pad|><|end|>');
    expect(tokenizer.endOfTextIds).toEqual([tokenizer.endOfTextId]);
    expect(tokenizer.encode('')).toEqual([]);
    for (const id of [-1, 0.5, Number.NaN, tokenizer.vocabularySize]) {
      expect(() => tokenizer.tokenBytes(id)).toThrow(ModelError);
    }
  });
});

test('SentencePiece puts its space before a text, not before what goes on from it', () => {
  for (const kind of sentencePiece) {
    const tokenizer = kinds[kind] as Tokenizer;
    const ids = tokenizer.encode('the capital of');
    const rest = tokenizer.encode(' Norway', { continuation: true });
    expect([...ids, ...rest]).toEqual(tokenizer.encode('the capital of Norway'));
    expect(tokenizer.decode(rest)).toBe('Norway');
    expect(tokenizer.decode(rest, { continuation: true })).toBe(' Norway');
    expect(tokenizer.decode(tokenizer.encode('x', { continuation: true }), { continuation: true })).toBe('x');
  }
});

describe('a file that would be read otherwise is refused by name', async () => {
  const good = JSON.parse(await readFile(join(folderOf('qwen2'), 'tokenizer.json'), 'utf8'));
  const piece = JSON.parse(await readFile(join(folderOf('sentencepiece'), 'tokenizer.json'), 'utf8'));
  const make = (tokenizerJson: unknown) =>
    createHuggingFaceTokenizer({ tokenizerJson, endOfTextToken: '<|end|>', padToken: '<|pad|>' });
  const cases: [name: string, message: RegExp, file: unknown][] = [
    ['another model', /model\.type is "Unigram"/, { ...good, model: { ...good.model, type: 'Unigram' } }],
    ['a normalizer', /normalizer\.type is "Lowercase"/, { ...good, normalizer: { type: 'Lowercase' } }],
    [
      'a nested pre-tokenizer',
      /pre_tokenizer\.pretokenizers\[1\]\.type is "BertPreTokenizer"/,
      {
        ...good,
        pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits' }, { type: 'BertPreTokenizer' }] },
      },
    ],
    [
      'a merging split',
      /behavior is "MergedWithNext"/,
      { ...good, pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithNext' } },
    ],
    ['a split without pattern', /pattern/, { ...good, pre_tokenizer: { type: 'Split', behavior: 'Isolated' } }],
    ['another decoder', /decoder .*WordPiece/, { ...good, decoder: { type: 'WordPiece' } }],
    ['parts of two kinds', /do not belong together/, { ...good, decoder: piece.decoder }],
    ['dropout', /model\.dropout/, { ...good, model: { ...good.model, dropout: 0.1 } }],
    ['a merge of one part', /merges\[0\] is no pair/, { ...good, model: { ...good.model, merges: ['a'] } }],
    ['a merge of strangers', /merges\[0\] names/, { ...good, model: { ...good.model, merges: ['q zz'] } }],
    ['an id twice', /repeated/, { ...good, model: { ...good.model, vocab: { ...good.model.vocab, '!': 5 } } }],
    ['an id beyond all bounds', /9000000/, { ...good, added_tokens: [{ id: 9_000_000, content: '<|end|>' }] }],
    ['an added token of another id', /differ/, { ...good, added_tokens: [{ id: 3, content: '<|end|>' }] }],
    ['no end', /<\|end\|> has no id/, { ...good, added_tokens: [] }],
  ];
  test.each(cases)('%s', (_, message, file) => {
    expect(() => make(file)).toThrow(ModelError);
    expect(() => make(file)).toThrow(message);
  });
});
