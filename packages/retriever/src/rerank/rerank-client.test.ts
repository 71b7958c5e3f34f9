import { describe, expect, it } from 'vitest';
import { formatPassage } from './format-passage.js';
import { createRerankClient, type RerankClientOptions } from './rerank-client.js';

/** A client whose server gives these replies in turn. */
function scripted(replies: unknown[], options: Partial<RerankClientOptions> = {}) {
  const requests: { url: string; body: unknown }[] = [];
  const client = createRerankClient({
    url: 'http://models.test',
    async fetch(input, init) {
      requests.push({ url: String(input), body: JSON.parse(String(init?.body)) });
      return Response.json(replies.shift());
    },
    ...options,
  });
  return { client, requests };
}

const texts = ['first', 'second', 'third'];

describe('createRerankClient', () => {
  it('speaks to Text Embeddings Inference, in batches', async () => {
    const replies = [
      [
        { index: 1, score: 2 },
        { index: 0, score: -1 },
      ],
      [{ index: 0, score: 0.5 }],
    ];
    const { client, requests } = scripted(replies, { api: 'tei', batchSize: 2 });
    expect(await client.scores({ query: 'q', texts })).toEqual([-1, 2, 0.5]);
    expect(requests).toEqual([
      {
        url: 'http://models.test/rerank',
        body: { query: 'q', texts: ['first', 'second'], raw_scores: true, truncate: true },
      },
      { url: 'http://models.test/rerank', body: { query: 'q', texts: ['third'], raw_scores: true, truncate: true } },
    ]);
  });

  it('speaks to Jina and Cohere', async () => {
    const results = [2, 0, 1].map((index) => ({ index, relevance_score: index / 2 }));
    const { client, requests } = scripted([{ results }], {
      ...{ api: 'jina', model: 'jina-reranker-v2', url: 'https://api.jina.ai/v1/rerank' },
    });
    expect(await client.scores({ query: 'q', texts })).toEqual([0, 0.5, 1]);
    expect(requests).toEqual([
      {
        url: 'https://api.jina.ai/v1/rerank',
        body: { model: 'jina-reranker-v2', query: 'q', documents: texts, top_n: 3 },
      },
    ]);
    expect(() => createRerankClient({ url: 'http://x', api: 'jina' })).toThrow(/needs "model"/);
  });

  it("speaks to Search-R1's server, whose passages are strings with another title line", async () => {
    const contents = ['"Lilu (mythology)"\nA spirit.', '"Peru"\nA country,\nin the Andes.', 'Lima\nA city.'];
    // What its pattern makes of `(Title: "Lilu (mythology)") A spirit.` and of the others.
    const documents = ['""Lilu (mythology"\n") A spirit.', '""Peru""\nA country,\nin the Andes.', '"Lima"\nA city.'];
    const result = [[2, 0, 1].map((index) => ({ document: documents[index], score: index }))];
    const { client, requests } = scripted([{ result }]);
    expect(await client.scores({ query: 'q', texts: contents })).toEqual([0, 1, 2]);
    expect(requests[0]?.body).toEqual({
      queries: ['q'],
      documents: [contents.map((text) => ({ contents: text }))],
      rerank_topk: 3,
      return_scores: true,
    });
    // It makes the pair text itself, so the passages go there as they are.
    expect(client.format?.('"Peru"\nA country.')).toBe('"Peru"\nA country.');
    expect(scripted([], { api: 'tei' }).client.format).toBeUndefined();
  });

  it('understands passages that come back as objects, and equal ones', async () => {
    const result = [
      [
        { document: { id: '', contents: 'same' }, score: 3 },
        { document: { contents: 'same' }, score: 3 },
      ],
    ];
    expect(await scripted([{ result }]).client.scores({ query: 'q', texts: ['same', 'same'] })).toEqual([3, 3]);
  });

  it.each([
    ['tei', [{ index: 0, score: 1 }], /1 scores for 3 texts/],
    ['tei', [0, 1, 1].map((index) => ({ index, score: 1 })), /index 1 .* twice/],
    ['tei', [{ index: 3, score: 1 }], /index 3 is too large/],
    ['tei', { error: 'x' }, /not as in \[\{"index"/],
    ['jina', { results: [{ index: 0 }] }, /not as in \{"results"/],
    ['dgpo', { result: [] }, /not as in \{"result"/],
    ['dgpo', { result: [[{ document: 'first', score: 1 }]] }, /no score for the passage "second"/],
  ] as const)('refuses a reply of %s: %j', async (api, reply, message) => {
    const { client } = scripted([reply], { api, model: 'm' });
    await expect(client.scores({ query: 'q', texts })).rejects.toMatchObject({
      name: 'RetrieverError',
      message: expect.stringMatching(message),
    });
  });

  it('asks nothing for no texts', async () => {
    const { client, requests } = scripted([]);
    expect(await client.scores({ query: 'q', texts: [] })).toEqual([]);
    expect(requests).toEqual([]);
  });
});

describe('formatPassage', () => {
  it('puts the title in front as Search-R1 does', () => {
    expect(formatPassage('"Peru"\nPeru is a country.')).toBe('(Title: Peru) Peru is a country.');
  });
});
