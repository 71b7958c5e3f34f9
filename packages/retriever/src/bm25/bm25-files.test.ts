import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@dgpo/trajectory';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { words } from '../words.js';
import { createBm25Index } from './bm25-index.js';
import type { Bm25Settings } from './bm25-settings.js';
import { createBm25Writer } from './bm25-writer.js';
import { openBm25 } from './open-bm25.js';

let root: string;
let directories = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-bm25-'));
});
afterAll(() => rm(root, { recursive: true }));

async function write(texts: readonly string[], options: Bm25Settings & { memoryBytes?: number } = {}) {
  const directory = join(root, `index-${directories++}`);
  await mkdir(directory);
  const writer = createBm25Writer({ directory, ...options });
  for (const contents of texts) writer.add({ contents });
  await writer.finish();
  return directory;
}

async function bytesOf(directory: string) {
  const names = (await readdir(directory)).sort();
  return Promise.all(names.map(async (name) => [name, (await readFile(join(directory, name))).toString('base64')]));
}

async function searchAll(options: Parameters<typeof openBm25>[0], queries: readonly string[], topK: number) {
  const index = await openBm25(options);
  try {
    return await index.search({ queries, topK });
  } finally {
    await index.close();
  }
}

/** The formula in float64, passage by passage; the words of the query from the rarest to the most frequent. */
function naiveMatches(texts: readonly string[], query: string, { k1, b, idf }: Required<Bm25Settings>) {
  const tokenized = texts.map(words);
  const average = tokenized.reduce((sum, tokens) => sum + tokens.length, 0) / texts.length;
  return tokenized
    .map((tokens, index) => {
      let score = 0;
      for (const word of words(query)) {
        const frequency = tokens.filter((token) => token === word).length;
        if (frequency === 0) continue;
        const holding = tokenized.filter((other) => other.includes(word)).length;
        const odds = (texts.length - holding + 0.5) / (holding + 0.5);
        const weight = idf === 'lucene' ? Math.log(1 + odds) : Math.max(0, Math.log(odds));
        score += (weight * frequency) / (frequency + k1 * (1 - b + (b * tokens.length) / average));
      }
      return { index, score };
    })
    .filter(({ score }) => score > 0)
    .sort((left, right) => right.score - left.score || left.index - right.index);
}

/** Text whose words are drawn as in language: some in every passage, most in few. */
function zipfTexts({ count, vocabulary, length, seed }: Record<'count' | 'vocabulary' | 'length' | 'seed', number>) {
  const random = createRandom(seed).split('texts');
  const word = () => `w${Math.floor(vocabulary ** random.next()).toString(36)}`;
  return Array.from({ length: count }, () => Array.from({ length: 1 + random.integer(2 * length) }, word).join(' '));
}

const wordOf = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'née', '東京', 'zz', 'A', '…');
const textOf = fc.array(wordOf, { maxLength: 12 }).map((tokens) => tokens.join(' '));

describe('an index on disk', () => {
  it('answers from memory, from disk and as the formula says, whatever it spilled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(textOf, { minLength: 1, maxLength: 20 }),
        fc.array(textOf, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 25 }),
        fc.record({
          k1: fc.double({ min: 0, max: 3, noNaN: true }),
          b: fc.double({ min: 0, max: 1, noNaN: true }),
          idf: fc.constantFrom('lucene' as const, 'robertson' as const),
        }),
        fc.constantFrom(1, 2000, 1 << 28),
        async (texts, queries, topK, settings, memoryBytes) => {
          const directory = await write(texts, { ...settings, memoryBytes });
          const fromMemory = await searchAll({ directory, residence: 'memory' }, queries, topK);
          expect(await searchAll({ directory, residence: 'disk' }, queries, topK)).toEqual(fromMemory);
          expect(await searchAll({ directory, residence: 'disk', cacheBytes: 0 }, queries, topK)).toEqual(fromMemory);
          const built = createBm25Index({ documents: texts.map((contents) => ({ contents })), ...settings });
          expect(queries.map((query) => built.search({ query, topK }))).toEqual(fromMemory);
          for (const [row, query] of queries.entries()) {
            const expected = naiveMatches(texts, query, settings);
            const found = fromMemory[row] ?? [];
            expect(found).toHaveLength(Math.min(topK, expected.length));
            for (const [rank, { index, score }] of found.entries()) {
              expect(score).toBeCloseTo(expected[rank]?.score ?? Number.NaN, 10);
              expect(score).toBeCloseTo(expected.find((match) => match.index === index)?.score ?? Number.NaN, 10);
            }
            for (let rank = 1; rank < found.length; rank++) {
              const [before, after] = [found[rank - 1], found[rank]];
              if (before?.score === after?.score) expect(before?.index).toBeLessThan(after?.index ?? -1);
            }
          }
          await rm(directory, { recursive: true });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('writes the same bytes whatever memory it had, and leaves no other file', async () => {
    const texts = zipfTexts({ count: 600, vocabulary: 2000, length: 30, seed: 1 });
    const whole = await bytesOf(await write(texts));
    expect(whole.map(([name]) => name)).toEqual([
      'bm25-lengths.bin',
      'bm25-postings.bin',
      'bm25-term-index.bin',
      'bm25-terms.bin',
      'bm25.json',
    ]);
    // 1: a run for each passage, so that runs are merged more than once.
    for (const memoryBytes of [1, 20_000]) expect(await bytesOf(await write(texts, { memoryBytes }))).toEqual(whole);
  });

  it('skips without losing anything: topK of all equals all of topK, over lists of many blocks', async () => {
    const texts = zipfTexts({ count: 20_000, vocabulary: 3000, length: 8, seed: 2 });
    const random = createRandom(3);
    const queries = Array.from({ length: 40 }, () => {
      const word = () => `w${Math.floor(3000 ** random.next()).toString(36)}`;
      return Array.from({ length: 1 + random.integer(9) }, word).join(' ');
    });
    const directory = await write(texts, { memoryBytes: 1 << 19 });
    const all = await searchAll({ directory, residence: 'memory' }, queries, texts.length);
    for (const topK of [1, 3, 10, 100]) {
      const expected = all.map((matches) => matches.slice(0, topK));
      expect(await searchAll({ directory, residence: 'memory' }, queries, topK)).toEqual(expected);
      expect(await searchAll({ directory, residence: 'disk', cacheBytes: 40_000 }, queries, topK)).toEqual(expected);
    }
  });

  it('answers searches that overlap', async () => {
    const texts = zipfTexts({ count: 300, vocabulary: 200, length: 10, seed: 4 });
    const index = await openBm25({ directory: await write(texts), residence: 'disk' });
    const queries = ['w1 w2', 'w5 wz w1', 'w3'];
    const alone = await index.search({ queries, topK: 5 });
    expect(await Promise.all(queries.map((query) => index.search({ queries: [query], topK: 5 })))).toEqual(
      alone.map((matches) => [matches]),
    );
    await index.close();
  });

  it('counts what occurs more often than a byte holds', async () => {
    const texts = [`${'lima '.repeat(70_000)}peru`, 'lima', 'peru'];
    const directory = await write(texts);
    const expected = ['lima', 'peru'].map((query) => naiveMatches(texts, query, { k1: 0.9, b: 0.4, idf: 'lucene' }));
    for (const residence of ['memory', 'disk'] as const) {
      const found = await searchAll({ directory, residence }, ['lima', 'peru'], 3);
      expect(found.map((matches) => matches.map(({ index }) => index))).toEqual(
        expected.map((matches) => matches.map(({ index }) => index)),
      );
      for (const [row, matches] of found.entries()) {
        for (const [rank, { score }] of matches.entries()) {
          expect(score).toBeCloseTo(expected[row]?.[rank]?.score ?? Number.NaN, 12);
        }
      }
    }
  });

  it('opens an index of nothing, and of passages without words', async () => {
    for (const texts of [[], ['', '…']]) {
      const directory = await write(texts);
      for (const residence of ['memory', 'disk', 'auto'] as const) {
        expect(await searchAll({ directory, residence }, ['a', ''], 3)).toEqual([[], []]);
      }
    }
  });

  it('refuses settings outside their range', async () => {
    expect(() => createBm25Writer({ directory: root, k1: -1 })).toThrow(/k1/);
    expect(() => createBm25Writer({ directory: root, memoryBytes: 0 })).toThrow(/memoryBytes/);
    const directory = await write(['a']);
    await expect(searchAll({ directory, residence: 'disk' }, ['a'], 0)).rejects.toThrow(/topK/);
    await expect(searchAll({ directory, residence: 'memory' }, ['a'], 0)).rejects.toThrow(/topK/);
    await expect(openBm25({ directory, residence: 'tape' as 'disk' })).rejects.toThrow(/residence/);
  });
});

describe('a damaged index', () => {
  const texts = zipfTexts({ count: 200, vocabulary: 300, length: 10, seed: 5 });

  it('is refused where a file is missing, too short or too long', async () => {
    const directory = await write(texts);
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      const bytes = await readFile(path);
      const attempt = () => searchAll({ directory, residence: 'memory' }, ['w1'], 3);
      await truncate(path, bytes.length - 3);
      await expect(attempt()).rejects.toMatchObject({ name: 'RetrieverError' });
      await writeFile(path, Buffer.concat([bytes, Buffer.from('xyz')]));
      await expect(attempt()).rejects.toMatchObject({ name: 'RetrieverError' });
      await rm(path);
      await expect(attempt()).rejects.toMatchObject({ name: 'RetrieverError' });
      await writeFile(path, bytes);
      expect((await attempt())[0]).toHaveLength(3);
    }
  });

  it('is refused where the header counts what the files cannot hold', async () => {
    const directory = await write(texts);
    const path = join(directory, 'bm25.json');
    const header = JSON.parse(await readFile(path, 'utf8'));
    const changes = [
      { documents: 2 ** 31 - 1 },
      { documents: 199 },
      { postings: 2 ** 52 },
      { terms: 2 ** 30 },
      { terms: header.terms - 1 },
      { postings: header.postings + 1 },
      { largestFrequency: 0 },
      { formatVersion: 2 },
      { settings: { k1: -1, b: 0, idf: 'lucene' } },
    ];
    for (const change of changes) {
      await writeFile(path, JSON.stringify({ ...header, ...change }));
      await expect(openBm25({ directory, residence: 'memory' })).rejects.toMatchObject({ name: 'RetrieverError' });
    }
  });

  it('answers or is refused, but never hangs, whatever byte was changed', async () => {
    const directory = await write(texts);
    const random = createRandom(6);
    const names = (await readdir(directory)).filter((name) => name.endsWith('.bin'));
    let refused = 0;
    for (let round = 0; round < 80; round++) {
      const name = names[random.integer(names.length)] ?? '';
      const path = join(directory, name);
      const bytes = await readFile(path);
      const changed = Buffer.from(bytes);
      changed[random.integer(bytes.length)] = random.integer(256);
      await writeFile(path, changed);
      for (const residence of ['memory', 'disk'] as const) {
        try {
          await searchAll({ directory, residence }, ['w1 w2 w5', 'wz w7k'], 5);
        } catch (error) {
          expect(error).toMatchObject({ name: 'RetrieverError' });
          refused++;
        }
      }
      await writeFile(path, bytes);
    }
    expect(refused).toBeGreaterThan(10);
  });
});
