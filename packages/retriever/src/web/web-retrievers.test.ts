import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRetrieverClient } from '../client/create-retriever-client.js';
import { createRetrieverServer } from '../server/create-retriever-server.js';
import { serveRetriever } from '../server/serve-retriever.js';
import { createJsonSearchRetriever } from './create-json-search-retriever.js';
import { createSearxngRetriever } from './create-searxng-retriever.js';
import { createSerpApiRetriever } from './create-serpapi-retriever.js';
import { isWebSource, openWebRetriever } from './open-web-retriever.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A local server that plays an API; what it is asked is kept. */
async function play(answer: (url: URL, request: IncomingMessage, response: ServerResponse) => unknown) {
  const asked: { url: URL; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    asked.push({ url, headers: request.headers });
    const body = answer(url, request, response);
    if (body !== undefined) response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

const refuse = (response: ServerResponse, status: number, body: string) => {
  response.writeHead(status).end(body);
};

/** SearXNG, as `/search?q=&format=json` answers. */
const searxng = (url: URL) => ({
  query: url.searchParams.get('q'),
  results: ['one', 'two', 'three'].map((name, index) => ({
    url: `https://example.org/${name}`,
    title: `Page ${name}`,
    content: `About ${url.searchParams.get('q')}\n in ${name}.`,
    score: 3 - index,
  })),
});

describe('createSearxngRetriever', () => {
  it('asks for JSON and gives passages by rank, at most topK', async () => {
    const { url, asked } = await play(searxng);
    const retriever = createSearxngRetriever({ url, parameters: { language: 'en' } });
    const answers = await retriever.retrieve({ queries: ['Lima & Peru', 'x'], topK: 2 });
    expect(answers).toHaveLength(2);
    expect(answers[0]).toEqual([
      { document: { id: 'https://example.org/one', contents: '"Page one"\nAbout Lima & Peru in one.' }, score: 1 },
      { document: { id: 'https://example.org/two', contents: '"Page two"\nAbout Lima & Peru in two.' }, score: 0.5 },
    ]);
    const first = asked.find(({ url: at }) => at.searchParams.get('q') === 'Lima & Peru')?.url;
    expect(first?.pathname).toBe('/search');
    expect(Object.fromEntries(first?.searchParams ?? [])).toEqual({ q: 'Lima & Peru', format: 'json', language: 'en' });
    expect(retriever.url).toBe(`${url}/search`);
  });

  it('leaves out results without text and reads missing fields as empty', async () => {
    const { url } = await play(() => ({
      results: [{ url: 'a' }, { title: 'T', url: null }, { content: 'C', url: 'c' }],
    }));
    expect(await createSearxngRetriever({ url: `${url}/search` }).retrieve({ queries: ['q'], topK: 5 })).toEqual([
      [
        { document: { id: '', contents: '"T"\n' }, score: 1 },
        { document: { id: 'c', contents: '""\nC' }, score: 0.5 },
      ],
    ]);
  });

  it('says what to allow when the instance refuses JSON', async () => {
    const { url, asked } = await play((_url, _request, response) => refuse(response, 403, 'Forbidden'));
    await expect(createSearxngRetriever({ url }).retrieve({ queries: ['q'], topK: 1 })).rejects.toThrow(
      /\/search: the server refused the request \(status 403: Forbidden\); allow json under search\.formats/,
    );
    expect(asked).toHaveLength(1);
  });

  it('tries again after failures and spoilt replies, and caps size, time and waiting', async () => {
    let requests = 0;
    const flaky = await play((url, _request, response) => {
      requests += 1;
      if (requests === 1) return refuse(response, 503, '');
      return requests === 2 ? '{"results": [{"ur' : requests === 3 ? { error: 'x' } : searxng(url);
    });
    const retriever = createSearxngRetriever({ url: flaky.url, backoff: 1 });
    expect((await retriever.retrieve({ queries: ['q'], topK: 3 }))[0]).toHaveLength(3);
    expect(requests).toBe(4);
    const large = await play(() => ({ results: [{ content: 'x'.repeat(9000), url: 'a' }] }));
    await expect(
      createSearxngRetriever({ url: large.url, maxResponseBytes: 5000 }).retrieve({ queries: ['q'], topK: 1 }),
    ).rejects.toThrow(/larger than 5000 bytes/);
    const [[passage] = []] = await createSearxngRetriever({ url: large.url }).retrieve({ queries: ['q'], topK: 1 });
    expect(passage?.document.contents).toHaveLength(4000);
    const silent = await play(() => undefined);
    await expect(
      createSearxngRetriever({ url: silent.url, timeout: 30, retries: 0 }).retrieve({ queries: ['q'], topK: 1 }),
    ).rejects.toThrow(/no answer within 30 ms/);
    await expect(
      createSearxngRetriever({ url: silent.url, deadline: 40 }).retrieve({ queries: ['q'], topK: 1 }),
    ).rejects.toThrow(/deadline of 40 ms/);
  });

  it('ends all queries of a call when one fails, or when the caller has enough', async () => {
    const { url, asked } = await play((at, _request, response) =>
      at.searchParams.get('q') === 'bad' ? refuse(response, 400, 'no') : undefined,
    );
    const retriever = createSearxngRetriever({ url, maxConcurrent: 2 });
    await expect(retriever.retrieve({ queries: ['slow', 'bad', 'never'], topK: 1 })).rejects.toThrow(/status 400/);
    expect(asked.map(({ url: at }) => at.searchParams.get('q'))).not.toContain('never');
    const signal = AbortSignal.timeout(20);
    await expect(retriever.retrieve({ queries: ['slow'], topK: 1, signal })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});

/** SerpAPI, as `/search.json` answers. */
const serpApi = () => ({
  answer_box: { type: 'organic_result', title: 'Answer', answer: 'Lima', link: 'https://example.org/answer' },
  organic_results: [
    { position: 1, title: 'First', link: 'https://example.org/1', snippet: 'one' },
    { position: 2, title: 'Second', link: 'https://example.org/2' },
  ],
  related_questions: [{ question: 'Why?', title: 'Third', link: 'https://example.org/3', snippet: ['list'] }],
});

describe('createSerpApiRetriever', () => {
  const environment = { SERPAPI_API_KEY: 's3cret-key' };

  it('gives answer box, organic results and related questions, at most topK', async () => {
    const { url, asked } = await play(serpApi);
    const retriever = createSerpApiRetriever({ url, environment });
    const [all] = await retriever.retrieve({ queries: ['q'], topK: 10 });
    expect(all?.map(({ document }) => document)).toEqual([
      { id: 'https://example.org/answer', contents: '"Answer"\nLima' },
      { id: 'https://example.org/1', contents: '"First"\none' },
      { id: 'https://example.org/2', contents: '"Second"\n' },
      { id: 'https://example.org/3', contents: '"Why?"\n' },
    ]);
    expect((await retriever.retrieve({ queries: ['q'], topK: 2 }))[0]).toHaveLength(2);
    expect(asked[0]?.url.pathname).toBe('/search.json');
    expect(Object.fromEntries(asked[0]?.url.searchParams ?? [])).toEqual({
      engine: 'google',
      q: 'q',
      num: '10',
      output: 'json',
      api_key: 's3cret-key',
    });
  });

  it('knows an engine that finds nothing from one that fails', async () => {
    const nothing = await play(() => ({ error: "Google hasn't returned any results for this query." }));
    expect(
      await createSerpApiRetriever({ url: nothing.url, environment }).retrieve({ queries: ['q'], topK: 3 }),
    ).toEqual([[]]);
    const failing = await play(() => ({ error: 'The search failed.' }));
    await expect(
      createSerpApiRetriever({ url: failing.url, environment, retries: 0 }).retrieve({ queries: ['q'], topK: 3 }),
    ).rejects.toThrow(/bad reply: The search failed/);
  });

  it('keeps the key out of every message', async () => {
    expect(() => createSerpApiRetriever({ environment: {} })).toThrow(/^SERPAPI_API_KEY: .*not set/);
    const replies: ((response: ServerResponse) => unknown)[] = [
      (response) => refuse(response, 401, '{"error": "Invalid key s3cret-key"}'),
      (response) => refuse(response, 500, 's3cret-key'),
      () => '<html>s3cret-key',
      () => ({ error: 'no searches left for s3cret-key' }),
      (response) => {
        response.writeHead(302, { Location: 'http://127.0.0.1:9/?api_key=s3cret-key' }).end();
      },
      (response) => {
        response.destroy();
      },
    ];
    for (const reply of replies) {
      const { url } = await play((_url, _request, response) => reply(response));
      const retriever = createSerpApiRetriever({ url, environment, retries: 1, backoff: 1 });
      const error = await retriever.retrieve({ queries: ['q'], topK: 1 }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'RetrieverError' });
      const shown = error instanceof Error ? [error.message, error.stack, error.cause, retriever.url].join(' ') : '';
      expect(shown).toContain('127.0.0.1');
      expect(shown).not.toContain('s3cret');
    }
  });
});

describe('createJsonSearchRetriever', () => {
  it('fills the address and follows the paths', async () => {
    const reply = { web: { pages: [{ at: { url: 'u1' }, name: 'N', parts: [{ text: 'S' }], n: 1 }, 7, null] } };
    const { url, asked } = await play(() => reply);
    const retriever = createJsonSearchRetriever({
      url: `${url}/find/{query}?count={topK}`,
      results: '$.web.pages',
      link: 'at.url',
      title: 'name',
      snippet: 'parts[0].text',
      apiKeyEnv: 'KEY',
      apiKeyHeader: 'X-Key',
      environment: { KEY: 'abc' },
    });
    expect(await retriever.retrieve({ queries: ['a/b?c'], topK: 4 })).toEqual([
      [{ document: { id: 'u1', contents: '"N"\nS' }, score: 1 }],
    ]);
    expect(asked[0]?.url.href).toBe('http://127.0.0.1/find/a%2Fb%3Fc?count=4');
    expect(asked[0]?.headers['x-key']).toBe('abc');
  });

  it('has defaults, a key as a bearer token or a parameter', async () => {
    const { url, asked } = await play(() => [{ url: 1, title: 'T', snippet: 'S' }]);
    const shared = { url: `${url}/search?v=1`, results: '$', environment: { KEY: 'abc' }, apiKeyEnv: 'KEY' };
    const request = { queries: ['q w'], topK: 1 };
    const expected = [[{ document: { id: '1', contents: '"T"\nS' }, score: 1 }]];
    expect(await createJsonSearchRetriever(shared).retrieve(request)).toEqual(expected);
    expect(asked[0]?.headers.authorization).toBe('Bearer abc');
    expect(asked[0]?.url.search).toBe('?v=1&q=q+w');
    const parameters = { ...shared, queryParameter: 'text', apiKeyParameter: 'key' };
    expect(await createJsonSearchRetriever(parameters).retrieve(request)).toEqual(expected);
    expect(asked[1]?.url.search).toBe('?v=1&text=q+w&key=abc');
    expect(asked[1]?.headers.authorization).toBeUndefined();
  });

  it('says when there is no list', async () => {
    const { url } = await play(() => ({ items: [] }));
    await expect(createJsonSearchRetriever({ url, retries: 0 }).retrieve({ queries: ['q'], topK: 1 })).rejects.toThrow(
      /bad reply: there is no list at "results"/,
    );
  });

  it.each([
    [{ url: 'http://{query}.example.org/' }, /after the host only/],
    [{ url: 'ftp://example.org/' }, /begins with http/],
    [{ url: 'http://user:pass@example.org/' }, /must not hold a password/],
    [{ url: 'http://example.org/', results: 'a..b' }, /results: "a\.\.b" is not a path/],
    [{ url: 'http://example.org/', link: 'a[x]' }, /link: /],
    [{ url: 'http://example.org/', apiKeyHeader: 'X' }, /apiKeyEnv: /],
    [{ url: 'http://example.org/', apiKeyEnv: 'NONE' }, /NONE: .*not set/],
    [{ url: 'http://example.org/', apiKeyEnv: 'KEY', apiKeyHeader: 'X', apiKeyParameter: 'y' }, /choose one/],
  ])('refuses %j', (options, message) => {
    expect(() => createJsonSearchRetriever({ ...options, environment: { KEY: 'abc' } })).toThrow(message);
  });
});

describe('openWebRetriever', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'dgpo-web-'));
  });
  afterAll(() => rm(root, { recursive: true }));

  it('opens each kind, and a server can stand before it', async () => {
    const { url } = await play(searxng);
    const file = join(root, 'search.json');
    await writeFile(file, JSON.stringify({ url: `${url}/search`, snippet: 'content', apiKeyEnv: 'KEY' }));
    const environment = { KEY: 'abc', SERPAPI_API_KEY: 'def' };
    const bySearxng = await openWebRetriever({ source: `searxng:${url}`, environment });
    const byFile = await openWebRetriever({ source: `json:${file}`, environment });
    const request = { queries: ['q'], topK: 2 };
    const expected = await bySearxng.retrieve(request);
    expect(expected[0]).toHaveLength(2);
    expect(await byFile.retrieve(request)).toEqual(expected);
    expect((await openWebRetriever({ source: 'serpapi', environment })).url).toBe('https://serpapi.com/search.json');
    const server = await serveRetriever({ app: createRetrieverServer({ retriever: byFile }), port: 0 });
    closers.push(() => server.close());
    expect(await createRetrieverClient({ url: server.url }).retrieve(request)).toEqual(expected);
  });

  it('refuses what it cannot open', async () => {
    const file = join(root, 'bad.json');
    const open = (source: string) => openWebRetriever({ source, environment: {} });
    await writeFile(file, '{"url": "http://example.org", "key": "abc"}');
    await expect(open(`json:${file}`)).rejects.toThrow(/bad\.json: the file: .*key/);
    await writeFile(file, '{');
    await expect(open(`json:${file}`)).rejects.toThrow(/cannot be read as JSON/);
    await expect(open('serpapi')).rejects.toThrow(/SERPAPI_API_KEY/);
    for (const source of ['bing', 'searxng:', 'json', 'serpapi:x'])
      await expect(open(source)).rejects.toThrow(/expected searxng:URL, serpapi or json:FILE/);
    expect(['serpapi', 'searxng:http://x', 'json:x', 'index', 'http://x'].map(isWebSource)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
