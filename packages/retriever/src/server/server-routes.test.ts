import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createBm25Retriever } from '../bm25/bm25-retriever.js';
import { createRerankClient } from '../rerank/rerank-client.js';
import type { Reranker } from '../rerank/reranker.js';
import type { Retriever } from '../retriever.js';
import { createHashedEncoder } from '../vector/hashed-encoder.js';
import { createRetrieverServer } from './create-retriever-server.js';
import type { RetrieverApp } from './retriever-server-options.js';

const documents = [
  { id: 'peru', contents: 'Peru\nThe capital of Peru is Lima.' },
  { id: 'chile', contents: 'Chile\nThe capital of Chile is Santiago.' },
];
const retriever = createBm25Retriever({ documents });
const post = (app: RetrieverApp, path: string, body: unknown, signal?: AbortSignal) =>
  app.request(path, { method: 'POST', body: JSON.stringify(body), ...(signal && { signal }) });
const errorOf = async (response: Response) => ((await response.json()) as { error: { message: string } }).error.message;

describe('POST /rerank', () => {
  const asked: string[] = [];
  const reranker: Reranker = {
    format: (contents) => contents,
    async scores({ query, texts }) {
      asked.push(query);
      return texts.map((text) => text.split(query).length - 1);
    },
  };
  const app = createRetrieverServer({ retriever, reranker, maxPairs: 6 });
  const [one, two, three] = [{ contents: 'b' }, { id: 7, contents: 'a a' }, { contents: 'a b b' }];
  const request = {
    queries: ['a', 'b'],
    documents: [
      [one, two, three],
      [{ document: three, score: 3 }, one],
    ],
  };

  it('ranks for each query its own documents alone', async () => {
    const response = await post(app, '/rerank', { ...request, rerank_topk: 2, return_scores: true });
    expect(await response.json()).toEqual({
      result: [
        [
          { document: two, score: 2 },
          { document: three, score: 1 },
        ],
        [
          { document: three, score: 2 },
          { document: one, score: 1 },
        ],
      ],
    });
    expect(asked).toEqual(['a', 'b']);
  });

  it('gives the reranker the pair text of Search-R1 unless it makes its own', async () => {
    const given: (readonly string[])[] = [];
    const plain: Reranker = {
      async scores({ texts }) {
        given.push(texts);
        return texts.map(() => 0);
      },
    };
    const body = { queries: ['q'], documents: [[{ contents: '"A (b)"\nText' }]] };
    expect((await post(createRetrieverServer({ retriever, reranker: plain }), '/rerank', body)).status).toBe(200);
    expect(given).toEqual([['(Title: A (b)) Text']]);
  });

  it('serves its own client', async () => {
    const fetch: typeof globalThis.fetch = async (input, init) => app.request(new URL(String(input)).pathname, init);
    const client = createRerankClient({ url: 'http://127.0.0.1:1', fetch });
    expect(await client.scores({ query: 'b', texts: ['a', 'b b', 'b', 'a'] })).toEqual([0, 2, 1, 0]);
  });

  it('leaves the scores out and keeps three unless told otherwise', async () => {
    const four = { queries: ['b'], documents: [[two, one, three, { contents: 'none' }]] };
    expect(await (await post(app, '/rerank', four)).json()).toEqual({ result: [[three, one, two]] });
    expect(await (await post(app, '/rerank', { queries: [], documents: [] })).json()).toEqual({ result: [] });
    expect(await (await post(app, '/rerank', { queries: ['a'], documents: [[]] })).json()).toEqual({ result: [[]] });
  });

  it.each([
    [{ queries: ['a'], documents: [] }, 400, /^documents: 0 lists for 1 queries/],
    [{ queries: ['a'], documents: [['text']] }, 400, /^documents\.0\.0: each document/],
    [{ queries: ['a'], documents: [[{ title: 'x' }]] }, 400, /^documents\.0\.0: each document/],
    [{ queries: ['a'] }, 400, /^documents: expected one list/],
    [{ queries: ['a'], documents: [Array(7).fill(one)] }, 413, /7 are more than the 6/],
    [{ ...request, rerank_topk: 1001 }, 400, /^rerank_topk: 1001 is more/],
  ])('refuses %.60j', async (body, status, message) => {
    const response = await post(app, '/rerank', body);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatch(message);
  });

  it('is not there without a reranker', async () => {
    const response = await post(createRetrieverServer({ retriever }), '/rerank', request);
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatch(/without a reranker/);
  });

  it('answers 500 when the reranker breaks', async () => {
    const broken = createRetrieverServer({
      retriever,
      reranker: { scores: async () => [1] },
      logger: () => undefined,
    });
    expect((await post(broken, '/rerank', request)).status).toBe(500);
  });
});

describe('POST /v1/embeddings', () => {
  const encoder = createHashedEncoder({ dimension: 16 });
  const app = createRetrieverServer({ retriever: { ...retriever, encoder } });

  it('answers in the shape of OpenAI', async () => {
    const response = await post(app, '/v1/embeddings', { input: ['Peru and Lima', 'x'], model: 'any' });
    const vectors = encoder.encode(['Peru and Lima', 'x']);
    expect(await response.json()).toEqual({
      object: 'list',
      data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: Array.from(vector) })),
      model: 'any',
      usage: { prompt_tokens: 4, total_tokens: 4 },
    });
  });

  it('encodes as little-endian float32 in base64', async () => {
    const response = await post(app, '/v1/embeddings', { input: 'Peru', encoding_format: 'base64' });
    const body = (await response.json()) as { data: { embedding: string }[]; model: string };
    const bytes = Buffer.from(body.data[0]?.embedding ?? '', 'base64');
    const numbers = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
    expect(numbers).toEqual(Array.from(encoder.encode(['Peru'])[0] ?? []));
    expect(body.model).toBe('hashed');
  });

  it('tells the encoder what the texts are', async () => {
    const roles: (string | undefined)[] = [];
    const spy = createRetrieverServer({
      retriever,
      encoder: {
        ...encoder,
        encode(texts, role) {
          roles.push(role);
          return encoder.encode(texts);
        },
      },
    });
    await post(spy, '/v1/embeddings', { input: 'Peru' });
    await post(spy, '/v1/embeddings', { input: 'Peru', input_type: 'query' });
    expect(roles).toEqual(['passage', 'query']);
  });

  it.each([
    [{ input: [[1, 2]] }, 400, /^input: expected a string/],
    [{ input: 'x', encoding_format: 'int8' }, 400, /^encoding_format/],
    [{ input: 'x', dimensions: 8 }, 400, /^dimensions: this encoder has 16/],
    [{ input: Array(4097).fill('x') }, 413, /^input: 4097/],
  ])('refuses %.60j', async (body, status, message) => {
    const response = await post(app, '/v1/embeddings', body);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatch(message);
  });

  it('is not there without an encoder', async () => {
    const response = await post(createRetrieverServer({ retriever }), '/v1/embeddings', { input: 'x' });
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatch(/no encoder/);
  });
});

describe('the queue', () => {
  /** Answers when told to. */
  function held() {
    const calls: string[][] = [];
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: Retriever = {
      async retrieve(options) {
        calls.push([...options.queries]);
        await released;
        return retriever.retrieve(options);
      },
    };
    return { slow, calls, release: () => release() };
  }

  it('answers concurrent requests of the same topk together, and 429 beyond the limit', async () => {
    const { slow, calls, release } = held();
    const app = createRetrieverServer({ retriever: slow, maxQueue: 3 });
    const ask = (query: string, topk = 1) => post(app, '/retrieve', { queries: [query], topk });
    const first = ask('Lima');
    while (calls.length < 1) await setTimeout(1);
    const rest = [ask('Santiago'), ask('capital')];
    await setTimeout(5);
    const refused = await ask('Peru');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('Retry-After')).toBe('1');
    const page = await (await app.request('/metrics')).text();
    expect(page).toContain('dgpo_retriever_queue_length 2\n');
    expect(page).toContain('dgpo_retriever_requests_in_progress 3\n');
    expect(page).toContain('dgpo_retriever_rejected_total 1\n');
    release();
    const answers = await Promise.all([first, ...rest]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(calls).toEqual([['Lima'], ['Santiago', 'capital']]);
    expect((await ask('Peru')).status).toBe(200);
  });

  it('frees the place of a client that went away', async () => {
    const { slow, calls, release } = held();
    const app = createRetrieverServer({ retriever: slow, maxQueue: 1 });
    const client = new AbortController();
    const gone = post(app, '/retrieve', { queries: ['Lima'] }, client.signal);
    while (calls.length < 1) await setTimeout(1);
    client.abort();
    expect((await gone).status).toBe(499);
    release();
    expect((await post(app, '/retrieve', { queries: ['Lima'] })).status).toBe(200);
  });
});

describe('GET /metrics', () => {
  it('counts requests, batches and cache lookups in valid lines', async () => {
    const app = createRetrieverServer({ retriever });
    await post(app, '/retrieve', { queries: ['Lima', 'Peru'] });
    await post(app, '/retrieve', { queries: ['Lima'] });
    await post(app, '/retrieve', {});
    await app.request('/nowhere');
    await app.request('/ready');
    const response = await app.request('/metrics');
    expect(response.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const page = await response.text();
    for (const line of [
      'dgpo_retriever_requests_total{route="/retrieve",status="200"} 2',
      'dgpo_retriever_requests_total{route="/retrieve",status="400"} 1',
      'dgpo_retriever_requests_total{route="other",status="404"} 1',
      'dgpo_retriever_request_duration_seconds_count{route="/retrieve"} 3',
      'dgpo_retriever_batch_queries_bucket{le="1"} 0',
      'dgpo_retriever_batch_queries_bucket{le="2"} 1',
      'dgpo_retriever_batch_queries_sum 2',
      'dgpo_retriever_cache_hits_total 1',
      'dgpo_retriever_cache_misses_total 2',
      'dgpo_retriever_cache_entries 2',
      'dgpo_retriever_documents 2',
      'dgpo_retriever_ready 1',
    ]) {
      expect(page.split('\n')).toContain(line);
    }
    const declared = new Set<string>();
    for (const line of page.trimEnd().split('\n')) {
      const type = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line);
      if (type?.[1] !== undefined) declared.add(type[1]);
      else if (!line.startsWith('# HELP ')) {
        const sample = /^(\w+?)(_bucket|_sum|_count)?(\{\w+="[^"]*"(,\w+="[^"]*")*\})? (\+Inf|[\d.e+-]+)$/.exec(line);
        expect(sample, line).not.toBeNull();
        expect(declared.has(sample?.[1] ?? '') || declared.has(`${sample?.[1]}${sample?.[2]}`), line).toBe(true);
      }
    }
  });

  it('keeps nothing in a cache of size 0', async () => {
    const app = createRetrieverServer({ retriever, cacheSize: 0 });
    for (let turn = 0; turn < 2; turn++) await post(app, '/retrieve', { queries: ['Lima'] });
    expect(await (await app.request('/metrics')).text()).toContain('dgpo_retriever_cache_entries 0\n');
  });
});
