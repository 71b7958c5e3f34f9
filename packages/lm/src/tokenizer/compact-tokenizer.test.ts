import fc from 'fast-check';
import r50kPieces from 'gpt-tokenizer/bpeRanks/r50k_base';
import r50k from 'gpt-tokenizer/encoding/r50k_base';
import { describe, expect, test } from 'vitest';
import { trainCompactTokenizer } from './compact-tokenizer.js';

const specialTokens = ['<think>', '</think>', '<search>', '</search>', '<answer>', '</answer>'];
const texts = [
  'The capital of Norway is Oslo. The capital of Sweden is Stockholm.',
  'The river runs through the capital of the country and the country is large.',
  '<think>I need the capital of the country.</think><search>capital of Norway</search>',
];
const tokenizer = trainCompactTokenizer({ texts, specialTokens, maximumPieces: 60 });
const text = (ids: readonly number[]) => ids.map((id) => new TextDecoder().decode(tokenizer.tokenBytes(id)));

describe('the vocabulary', () => {
  test('is special tokens, then bytes, then pieces', () => {
    expect(tokenizer.padId).toBe(0);
    expect(tokenizer.endOfTextId).toBe(1);
    expect(tokenizer.specialTokens['<search>']).toBe(4);
    expect(tokenizer.tokenBytes(8 + 65)).toEqual(Uint8Array.of(65));
    expect(tokenizer.vocabularySize).toBe(8 + 256 + tokenizer.model.merges.length);
    expect(tokenizer.model.merges.length).toBeLessThanOrEqual(60);
  });

  test('keeps the pieces that save most tokens, counted by hand', () => {
    // Twice " ab" (" a" + "b") and once "abc" ("ab" + "c"): " a" and " ab" are made twice, "ab" and "abc" once.
    const small = trainCompactTokenizer({
      texts: [' ab ab', 'abc'],
      specialTokens: [],
      maximumPieces: 2,
      minimumCount: 1,
    });
    const pieces = Array.from({ length: small.model.merges.length }, (_, i) =>
      new TextDecoder().decode(small.tokenBytes(2 + 256 + i)),
    );
    expect(pieces).toEqual([' a', ' ab']);
    const all = trainCompactTokenizer({ texts: [' ab ab', 'abc'], specialTokens: [], minimumCount: 1 });
    expect(all.decode(Array.from({ length: 4 }, (_, i) => 258 + i))).toBe(' aab ababc');
    const frequent = trainCompactTokenizer({ texts: [' ab ab', 'abc'], specialTokens: [], minimumCount: 3 });
    expect(frequent.vocabularySize).toBe(258);
  });

  test('reaches every piece it holds', () => {
    for (let id = 8 + 256; id < tokenizer.vocabularySize; id++) {
      expect(tokenizer.encode(new TextDecoder().decode(tokenizer.tokenBytes(id)))).toEqual([id]);
    }
  });

  test('does not count special tokens as text', () => {
    const only = trainCompactTokenizer({ texts: ['<search><search><search>'], specialTokens });
    expect(only.vocabularySize).toBe(8 + 256);
  });

  test('is the same for the same texts, whatever their order', () => {
    const again = trainCompactTokenizer({ texts: [...texts].reverse(), specialTokens, maximumPieces: 60 });
    expect(again.model).toEqual(tokenizer.model);
  });

  test('refuses special tokens and limits that cannot work', () => {
    for (const name of ['', 'a', 'two words', '<é>']) {
      expect(() => trainCompactTokenizer({ texts, specialTokens: [name] })).toThrow('printable ASCII');
    }
    expect(() => trainCompactTokenizer({ texts, specialTokens, maximumPieces: Number.NaN })).toThrow('maximumPieces');
  });
});

describe('encoding', () => {
  test('with every piece kept, equals r50k piece for piece', () => {
    const sample = `${texts.join('\n\n')}\tIt's 1998;   naïve café — 東京 🙂 don't  \n x`;
    const full = trainCompactTokenizer({ texts: [sample], specialTokens: [], maximumPieces: 1e6, minimumCount: 1 });
    const ours = full.encode(sample).map((id) => Buffer.from(full.tokenBytes(id)).toString('latin1'));
    const theirs = r50k.encode(sample).map((id) => Buffer.from(r50kPieces[id] as string).toString('latin1'));
    expect(ours).toEqual(theirs);
  });

  test('spells rare names in smaller pieces', () => {
    expect(text(tokenizer.encode(' Norway'))).toEqual([' Norway']);
    expect(tokenizer.encode(' Zyx').length).toBeGreaterThan(1);
    expect(text(tokenizer.encode(' Zyx')).join('')).toBe(' Zyx');
  });

  test('numbers digit by digit, where asked for', () => {
    const numbers = ['It has 36, 1285 and 1285 of 1285.', 'It has 1998 or 12.'];
    const plain = trainCompactTokenizer({ texts: numbers, specialTokens: [], minimumCount: 1 });
    const split = trainCompactTokenizer({ texts: numbers, specialTokens: [], minimumCount: 1, splitDigits: true });
    const pieces = (value: string) => split.encode(value).map((id) => split.decode([id]));
    expect(plain.encode(' 1285').length).toBeLessThan(5);
    expect(pieces('It has 1285.')).toEqual(['It', ' has', ' ', '1', '2', '8', '5', '.']);
    const whole = Array.from({ length: split.vocabularySize - 258 }, (_, index) => split.decode([258 + index]));
    expect(whole.filter((piece) => /\d/.test(piece))).toEqual([]);
  });

  test('special tokens only where they are allowed', () => {
    const injected = 'a <search>x</search>';
    const plain = tokenizer.encode(injected);
    expect(plain.every((id) => id >= 8)).toBe(true);
    expect(tokenizer.decode(plain)).toBe(injected);
    const special = tokenizer.encode(injected, { allowSpecial: true });
    expect(special.filter((id) => id < 8)).toEqual([4, 5]);
    expect(tokenizer.decode(special)).toBe(injected);
    expect(tokenizer.decode(special, { skipSpecial: true })).toBe('a x');
  });

  test('the longest special token wins', () => {
    const nested = trainCompactTokenizer({ texts: [], specialTokens: ['<a', '<a>'] });
    expect(nested.encode('<a>', { allowSpecial: true })).toEqual([3]);
    expect(nested.encode('<a<a>', { allowSpecial: true })).toEqual([2, 3]);
  });

  const unicode = fc.string({ unit: 'binary', maxLength: 60 });
  const markup = fc
    .array(
      fc.constantFrom(
        '<search>',
        '</search>',
        '<',
        '</',
        ' {',
        '}\n',
        '\t',
        'const x = "é";',
        'The capital',
        '\ufeff',
        '\u0085',
        '🙂',
        '\r\n',
        ' of',
        '0',
        ' 12',
        "'s",
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join(''));

  test.each([true, false])('any text round-trips (allowSpecial %s)', (allowSpecial) => {
    fc.assert(
      fc.property(fc.oneof(unicode, markup), (value) => {
        expect(tokenizer.decode(tokenizer.encode(value, { allowSpecial }))).toBe(value);
      }),
      { numRuns: 500 },
    );
  });

  test('lone surrogates become U+FFFD', () => {
    expect(tokenizer.decode(tokenizer.encode('a\ud800b\udc00'))).toBe('a\ufffdb\ufffd');
  });

  test('a text of five million characters is encoded in seconds', () => {
    const long = texts.join(' ').repeat(25_000);
    const started = performance.now();
    expect(tokenizer.encode(long).length).toBeGreaterThan(1_000_000);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('decoding', () => {
  test('a stream gives the same text and never half a code point', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'grapheme' })), (value) => {
        const stream = tokenizer.decodeStream();
        const parts = tokenizer.encode(value).map((id) => stream.push(id));
        expect(parts.some((part) => part.includes('\ufffd'))).toBe(value.includes('\ufffd'));
        expect(parts.join('') + stream.end()).toBe(value);
      }),
    );
  });

  test('a stream waits for the rest of a code point and ends with U+FFFD if it never comes', () => {
    const stream = tokenizer.decodeStream();
    const bytes = [...new TextEncoder().encode('🙂')].map((byte) => 8 + byte);
    expect(bytes.map((id) => stream.push(id))).toEqual(['', '', '', '🙂']);
    expect(stream.push(8 + 0xf0)).toBe('');
    expect(stream.end()).toBe('\ufffd');
    expect(stream.push(8 + 65)).toBe('A');
  });

  test('a stream can leave special tokens out', () => {
    const stream = tokenizer.decodeStream({ skipSpecial: true });
    expect([4, 8 + 65, 5].map((id) => stream.push(id)).join('')).toBe('A');
  });

  test.each([-1, 1.5, 1e9, Number.NaN])('refuses the id %s', (id) => {
    expect(() => tokenizer.decode([id])).toThrow('outside the vocabulary');
    expect(() => tokenizer.tokenBytes(id)).toThrow('outside the vocabulary');
  });
});
