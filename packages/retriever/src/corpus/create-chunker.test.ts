import fc from 'fast-check';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { countWords, loadTokenCounter } from './count-tokens.js';
import { createChunker } from './create-chunker.js';

const chunk = (text: string, options: { size: number; overlap?: number; count?: (text: string) => number }) => {
  const chunker = createChunker({ overlap: 0, count: countWords, ...options });
  const chunks = text.split(/\n\s*\n/).flatMap((paragraph) => chunker.push(paragraph));
  return [...chunks, ...chunker.finish()];
};

const wordsOf = (text: string): string[] => text.match(/\S+/g) ?? [];

describe('createChunker', () => {
  it('breaks after paragraphs that fill half a chunk', () => {
    expect(chunk('a b c\n\nd e f\n\ng h', { size: 8 })).toEqual(['a b c\n\nd e f\n\ng h']);
    expect(chunk('a b c\n\nd e f\n\ng h i j', { size: 8 })).toEqual(['a b c\n\nd e f', 'g h i j']);
    expect(chunk('a\n\nb c d e f g h i j', { size: 8 })).toEqual(['a\n\nb c d e f g h', 'i j']);
  });

  it('breaks after sentences where no paragraph ends, but not after abbreviations', () => {
    expect(chunk('One two three four. Five six seven eight nine ten.', { size: 8 })).toEqual([
      'One two three four.',
      'Five six seven eight nine ten.',
    ]);
    expect(chunk('One two three four e.g. five six seven eight nine', { size: 8 })).toEqual([
      'One two three four e.g. five six seven',
      'eight nine',
    ]);
    expect(chunk('"One two three four." Five six seven eight nine.', { size: 8 })[0]).toBe('"One two three four."');
    expect(chunk('一二三。四五六。七八九。', { size: 8, count: (text) => text.length })).toEqual([
      '一二三。四五六。',
      '七八九。',
    ]);
  });

  it('keeps white space inside a chunk', () => {
    expect(chunk('a\n  b\t c\n\n    code  {\n }', { size: 20 })).toEqual(['a\n  b\t c\n\n    code  {\n }']);
  });

  it('repeats whole sentences, else whole words', () => {
    expect(chunk('A b c d. E f. G h i j k l m', { size: 8, overlap: 4 })).toEqual([
      'A b c d. E f.',
      'E f. G h i j k l',
      'i j k l m',
    ]);
    expect(chunk('a b c d e f g h i j', { size: 8, overlap: 2 })).toEqual(['a b c d e f g h', 'g h i j']);
  });

  it('tears only words longer than a chunk', () => {
    const count = (text: string) => text.length;
    expect(chunk(`ab ${'x'.repeat(19)} cd`, { size: 8, count })).toEqual(['ab', 'xxxxxxxx', 'xxxxxxxx', 'xxx cd']);
    // A surrogate pair is one letter.
    expect(chunk('𝄞'.repeat(9), { size: 8, count }).join('')).toBe('𝄞'.repeat(9));
  });

  const word = fc.stringMatching(/^[A-Za-z.,!?"()ü𝄞]{1,12}$/u);
  const paragraph = fc.array(word, { minLength: 1, maxLength: 60 }).map((words) => words.join(' '));
  const settings = fc
    .record({ size: fc.integer({ min: 8, max: 40 }), share: fc.integer({ min: 0, max: 50 }) })
    .map(({ size, share }) => ({ size, overlap: Math.floor((size * share) / 100) }));

  it('cuts any text into chunks below the size that hold every word, in order, with the overlap asked for', () => {
    fc.assert(
      fc.property(fc.array(paragraph, { maxLength: 12 }), settings, (paragraphs, { size, overlap }) => {
        // Numbered words make repetition visible.
        let number = 0;
        const text = paragraphs.map((text) => text.replace(/\S+/g, (found) => `${number++}_${found}`)).join('\n\n');
        const chunks = chunk(text, { size, overlap }).map(wordsOf);
        const words = wordsOf(text);
        let next = 0;
        for (const [index, found] of chunks.entries()) {
          expect(found.length).toBeLessThanOrEqual(size);
          const start = words.indexOf(found[0] ?? '');
          expect(found).toEqual(words.slice(start, start + found.length));
          expect(start).toBeLessThanOrEqual(next);
          expect(next - start).toBeLessThanOrEqual(overlap);
          expect(start + found.length).toBeGreaterThan(next);
          if (index > 0 && overlap > 0) expect(next - start).toBeGreaterThan(0);
          next = start + found.length;
        }
        expect(next).toBe(words.length);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps to the size in tokens, with any letters', async () => {
    const count = await loadTokenCounter();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), settings, (text, { size, overlap }) => {
        const chunks = chunk(text, { size, overlap, count });
        for (const found of chunks) expect(count(found)).toBeLessThanOrEqual(size);
        const letters = (value: string) => value.replace(/\s+/g, '');
        if (overlap === 0) expect(letters(chunks.join(''))).toBe(letters(text));
      }),
      { numRuns: 150 },
    );
  });

  it('counts tokens as o200k_base does', async () => {
    const count = await loadTokenCounter();
    for (const text of ['Lima is the capital of Peru.', 'naïve 𝄞\n\n  x', ''])
      expect(count(text)).toBe(encode(text).length);
    // What looks like a special token is text in a corpus.
    expect(count('<|endoftext|>')).toBeGreaterThan(1);
  });

  it('says what to install where gpt-tokenizer is not', async () => {
    const absent = () => Promise.reject(new Error('not found'));
    await expect(loadTokenCounter(absent)).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('npm install gpt-tokenizer'),
    });
  });
});
