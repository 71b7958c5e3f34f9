import type { RetrievedDocument } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { createLruCache } from './lru-cache.js';
import { createServedRetriever } from './served-retriever.js';

const { signal } = new AbortController();

function serve({
  maxEntries = 10,
  maxBytes = 1 << 20,
  fingerprint,
}: {
  maxEntries?: number;
  maxBytes?: number;
  fingerprint?: string;
} = {}) {
  const asked: { queries: readonly string[]; topK: number }[] = [];
  const lookups = { hits: 0, misses: 0 };
  const retriever = {
    ...(fingerprint !== undefined && { fingerprint }),
    async retrieve({ queries, topK }: { queries: readonly string[]; topK: number }): Promise<RetrievedDocument[][]> {
      asked.push({ queries, topK });
      return queries.map((query) => [{ document: { id: `${query}/${topK}`, contents: query }, score: 1 }]);
    },
  };
  const cache = createLruCache<RetrievedDocument[]>({ maxEntries, maxBytes });
  const served = createServedRetriever({
    retriever,
    cache,
    maxBatchQueries: 100,
    batchWait: 0,
    onBatch: () => undefined,
    onCache({ hits, misses }) {
      lookups.hits += hits;
      lookups.misses += misses;
    },
  });
  const ids = async (queries: string[], topK = 2) =>
    (await served.retrieve({ queries, topK, signal })).map((list) => list[0]?.document.id);
  return { ids, asked, lookups, cache, retriever };
}

describe('createServedRetriever', () => {
  it('asks only for what it does not keep, in order', async () => {
    const { ids, asked, lookups } = serve({ fingerprint: 'f' });
    expect(await ids(['a', 'b'])).toEqual(['a/2', 'b/2']);
    expect(await ids(['c', 'b', 'd', 'a', 'c'])).toEqual(['c/2', 'b/2', 'd/2', 'a/2', 'c/2']);
    expect(await ids(['a'])).toEqual(['a/2']);
    expect(asked.map(({ queries }) => queries)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(lookups).toEqual({ hits: 3, misses: 5 });
  });

  it('keeps answers apart by k and fingerprint', async () => {
    const { ids, asked, retriever } = serve({ fingerprint: 'f' });
    expect([await ids(['a'], 2), await ids(['a'], 3)]).toEqual([['a/2'], ['a/3']]);
    Object.assign(retriever, { fingerprint: 'g' });
    await ids(['a'], 2);
    expect(asked).toHaveLength(3);
  });

  it('keeps nothing for a retriever that does not say what it searches', async () => {
    const { ids, asked, cache } = serve();
    await ids(['a']);
    await ids(['a']);
    expect(asked).toHaveLength(2);
    expect(cache.entries).toBe(0);
  });

  it('is bounded in bytes, long queries included', async () => {
    const { ids, cache } = serve({ fingerprint: 'f', maxBytes: 10_000, maxEntries: 1_000_000 });
    for (let count = 0; count < 200; count++) await ids([`${count}`.padEnd(count * 50, 'x')]);
    expect(cache.bytes).toBeLessThanOrEqual(10_000);
    expect(cache.entries).toBeGreaterThan(0);
  });
});
