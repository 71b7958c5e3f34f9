import type { RetrievedDocument } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import type { RetrieveOptions } from '../retriever.js';
import type { Reranker } from './reranker.js';
import { createRerankingRetriever } from './reranking-retriever.js';

const found = (id: string, score: number): RetrievedDocument => ({
  document: { id, contents: `"${id}"\ntext ${id}` },
  score,
});

function scripted(lists: RetrievedDocument[][], scores: Reranker['scores']) {
  const asked: RetrieveOptions[] = [];
  const retriever = {
    async retrieve(options: RetrieveOptions) {
      asked.push(options);
      return lists;
    },
  };
  return { asked, retriever, reranker: { scores } };
}

describe('createRerankingRetriever', () => {
  it('puts the candidates in the order of the scores, equal ones in their own', async () => {
    const seen: { query: string; texts: readonly string[] }[] = [];
    const { asked, ...parts } = scripted(
      [[found('a', 9), found('b', 8), found('c', 7), found('d', 6)], []],
      async ({ query, texts }) => {
        seen.push({ query, texts });
        return [1, 5, -2, 5];
      },
    );
    const answers = await createRerankingRetriever({ ...parts, candidates: 4 }).retrieve({
      queries: ['first', 'second'],
      topK: 3,
    });
    const lists = answers.map((list) => list.map(({ document, score }) => [document.id, score]));
    expect(lists).toEqual([
      [
        ['b', 5],
        ['d', 5],
        ['a', 1],
      ],
      [],
    ]);
    expect(asked).toEqual([{ queries: ['first', 'second'], topK: 4 }]);
    expect(seen).toEqual([{ query: 'first', texts: ['a', 'b', 'c', 'd'].map((id) => `(Title: ${id}) text ${id}`) }]);
  });

  it("uses the reranker's own format and asks for topK candidates at least", async () => {
    const { asked, retriever, reranker } = scripted([[found('a', 1)]], async ({ texts }) => {
      expect(texts).toEqual(['"A"\nTEXT A']);
      return [0];
    });
    const retrieving = createRerankingRetriever({
      ...{ retriever, candidates: 2 },
      reranker: { ...reranker, format: (contents) => contents.toUpperCase() },
    });
    await retrieving.retrieve({ queries: ['q'], topK: 7 });
    expect(asked[0]?.topK).toBe(7);
  });

  it('refuses scores that do not fit and options outside their range', async () => {
    for (const scores of [[], [1, 2], [Number.NaN]]) {
      const parts = scripted([[found('a', 1)]], async () => scores);
      const answer = createRerankingRetriever(parts).retrieve({ queries: ['q'], topK: 1 });
      await expect(answer).rejects.toMatchObject({ name: 'RetrieverError' });
    }
    const parts = scripted([], async () => []);
    expect(() => createRerankingRetriever({ ...parts, candidates: 0 })).toThrow(/candidates/);
    await expect(createRerankingRetriever(parts).retrieve({ queries: ['q'], topK: 0 })).rejects.toThrow(/topK/);
  });
});
