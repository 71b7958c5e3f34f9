import { describe, expect, it } from 'vitest';
import { createRetriever } from '../create-retriever.js';
import type { RetrieveOptions, Retriever } from '../retriever.js';
import { createHybridRetriever } from './hybrid-retriever.js';

const scripted = (found: Record<string, string[]>, asked: RetrieveOptions[] = []): Retriever => ({
  async retrieve(options) {
    asked.push(options);
    return options.queries.map((query) =>
      (found[query] ?? [])
        .slice(0, options.topK)
        .map((id, rank) => ({ document: { id, contents: `contents of ${id}` }, score: 100 - rank })),
    );
  },
});

describe('createHybridRetriever', () => {
  it('joins by document id and fuses each query by itself', async () => {
    const asked: RetrieveOptions[] = [];
    const retriever = createHybridRetriever({
      retrievers: [scripted({ one: ['a', 'b'], two: ['x'] }, asked), scripted({ one: ['b', 'c'], two: [] })],
      depth: 7,
    });
    const { signal } = new AbortController();
    const [one, two, three] = await retriever.retrieve({ queries: ['one', 'two', 'three'], topK: 2, signal });
    expect(one).toEqual([
      { document: { id: 'b', contents: 'contents of b' }, score: 1 / 62 + 1 / 61 },
      { document: { id: 'a', contents: 'contents of a' }, score: 1 / 61 },
    ]);
    expect(two?.map(({ document }) => document.id)).toEqual(['x']);
    expect(three).toEqual([]);
    expect(asked).toEqual([{ queries: ['one', 'two', 'three'], topK: 7, signal }]);
    await retriever.retrieve({ queries: ['one'], topK: 9 });
    expect(asked[1]?.topK).toBe(9);
  });

  it('keeps the order of the retrievers among equal scores, and weighs them', async () => {
    const retrievers = [scripted({ q: ['z'] }), scripted({ q: ['a'] })];
    const ids = async (weights?: number[]) =>
      (await createHybridRetriever({ retrievers, ...(weights && { weights }) }).retrieve({ queries: ['q'], topK: 2 }))
        .flat()
        .map(({ document }) => document.id);
    expect(await ids()).toEqual(['z', 'a']);
    expect(await ids([1, 1.5])).toEqual(['a', 'z']);
  });

  it('fails with the error of a retriever that fails', async () => {
    const failing: Retriever = { retrieve: () => Promise.reject(new Error('gone')) };
    const retriever = createHybridRetriever({ retrievers: [scripted({}), failing] });
    await expect(retriever.retrieve({ queries: ['q'], topK: 1 })).rejects.toThrow('gone');
  });

  it('refuses bad settings at once', async () => {
    expect(() => createHybridRetriever({ retrievers: [] })).toThrow(/at least one/);
    expect(() => createHybridRetriever({ retrievers: [scripted({})], weights: [1, 2] })).toThrow(/2 weights/);
    expect(() => createHybridRetriever({ retrievers: [scripted({})], depth: 0 })).toThrow(/depth/);
    const retriever = createHybridRetriever({ retrievers: [scripted({})] });
    await expect(retriever.retrieve({ queries: ['q'], topK: 0 })).rejects.toThrow(/topK/);
  });

  it('fuses BM25 and vectors of one corpus', async () => {
    const documents = ['Lima is the capital of Peru', 'Oslo is the capital of Norway', 'A list of rivers'].map(
      (text, index) => ({ id: String(index), contents: `T${index}\n${text}` }),
    );
    const retrievers = [
      await createRetriever({ documents, kind: 'bm25' }),
      await createRetriever({ documents, kind: 'flat' }),
    ];
    const [found] = await createHybridRetriever({ retrievers }).retrieve({ queries: ['capital of Norway'], topK: 3 });
    expect(found?.[0]).toMatchObject({ document: { id: '1' }, score: 2 / 61 });
  });
});
