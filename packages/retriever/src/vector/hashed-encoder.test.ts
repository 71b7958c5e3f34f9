import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHashedEncoder, fitHashedEncoder, readHashedEncoder } from './hashed-encoder.js';

const dot = (left: Float32Array = new Float32Array(), right: Float32Array = new Float32Array()) =>
  left.reduce((sum, entry, index) => sum + entry * (right[index] ?? 0), 0);

describe('createHashedEncoder', () => {
  it('gives vectors of length 1, or zero for a text without words', () => {
    const encoder = createHashedEncoder({ dimension: 64 });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const [vector] = encoder.encode([text]);
        const norm = dot(vector, vector);
        expect(norm === 0 || Math.abs(norm - 1) < 1e-6).toBe(true);
      }),
    );
    expect(encoder.encode(['lima'])[0]?.length).toBe(64);
    expect(encoder.encode(['?!'])[0]?.every((entry) => entry === 0)).toBe(true);
  });

  it('is deterministic and depends on the seed', () => {
    const [first] = createHashedEncoder().encode(['Lima is the capital of Peru']);
    const [second] = createHashedEncoder().encode(['Lima is the capital of Peru']);
    const [other] = createHashedEncoder({ seed: 1 }).encode(['Lima is the capital of Peru']);
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('brings texts together that share words, and inflected forms through their letter runs', () => {
    const encoder = createHashedEncoder({ dimension: 4096 });
    const [query, shared, unrelated] = encoder.encode(['capital of Peru', 'Peru has a capital', 'blue whales sing']);
    expect(dot(query, shared)).toBeGreaterThan(0.4);
    expect(Math.abs(dot(query, unrelated))).toBeLessThan(0.1);
    const similarity = (characterNgrams: number) => {
      const [left, right] = createHashedEncoder({ dimension: 4096, characterNgrams }).encode([
        'Argentina',
        'Argentinian',
      ]);
      return dot(left, right);
    };
    expect(similarity(4)).toBeGreaterThan(0.2);
    expect(Math.abs(similarity(0))).toBeLessThan(0.01);
  });

  it('tells word order apart only with word runs', () => {
    const similarity = (wordNgrams: number) => {
      const [left, right] = createHashedEncoder({ dimension: 4096, wordNgrams }).encode([
        'dog bites man',
        'man bites dog',
      ]);
      return dot(left, right);
    };
    expect(similarity(1)).toBeCloseTo(1, 6);
    expect(similarity(2)).toBeLessThan(0.95);
  });

  it('weights rare words more after fit, and leaves the unfitted encoder as it was', () => {
    const plain = createHashedEncoder({ dimension: 4096 });
    const fitted = plain.fit(['the cat', 'the dog', 'the bird', 'the fish', 'the zebra']);
    const share = (encoder: typeof plain) => {
      const [text, rare] = encoder.encode(['the zebra', 'zebra']);
      return dot(text, rare);
    };
    expect(share(fitted)).toBeGreaterThan(share(plain) + 0.05);
    expect(plain.settings.fitted).toBeNull();
    expect(fitted.settings.fitted).toMatch(/^[0-9a-f]{64}$/);
  });

  it('fits a stream as it fits a list, and can be stopped', async () => {
    const texts = Array.from({ length: 40 }, (_, index) => `text ${index} ${'of some words '.repeat(index)}`);
    async function* stream() {
      yield* texts;
    }
    const streamed = await fitHashedEncoder({ texts: stream(), dimension: 64 });
    const listed = createHashedEncoder({ dimension: 64 }).fit(texts);
    expect(streamed.settings).toEqual(listed.settings);
    expect(streamed.encode(['text 7'])).toEqual(listed.encode(['text 7']));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(fitHashedEncoder({ texts, signal })).rejects.toThrow('enough');
  });

  it('opens again from settings and frequencies, and refuses those of another encoder', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dgpo-hashed-'));
    const encoder = createHashedEncoder({ dimension: 64 }).fit(['the cat', 'the dog']);
    await encoder.save(directory);
    const opened = await readHashedEncoder(JSON.parse(JSON.stringify(encoder.settings)), directory);
    expect(opened.encode(['the cat'])).toEqual(encoder.encode(['the cat']));
    const { settings } = createHashedEncoder({ dimension: 64 }).fit(['the cat']);
    await expect(readHashedEncoder(settings, directory)).rejects.toThrow(/another encoder/);
    await rm(directory, { recursive: true });
  });

  it('gives a feature several coordinates', () => {
    for (const coordinates of [1, 3]) {
      const encoder = createHashedEncoder({ dimension: 1 << 20, coordinates, characterNgrams: 0 });
      expect(encoder.encode(['lima'])[0]?.filter((entry) => entry !== 0).length).toBe(coordinates);
    }
  });

  it('refuses options outside their range', () => {
    expect(() => createHashedEncoder({ dimension: 0 })).toThrow(/dimension/);
    expect(() => createHashedEncoder({ wordNgrams: 0 })).toThrow(/wordNgrams/);
    expect(() => createHashedEncoder({ characterNgrams: 2.5 })).toThrow(/characterNgrams/);
  });
});
