import { describe, expect, it } from 'vitest';
import { createBm25Retriever } from '../bm25/bm25-retriever.js';
import { createRetrieverServer } from './create-retriever-server.js';
import type { RetrieverServerOptions } from './retriever-server-options.js';

const documents = [
  { id: 'peru', contents: 'Peru\nThe capital of Peru is Lima.' },
  { id: 'lima', contents: 'Lima\nLima lies on the Pacific.' },
  { id: 'chile', contents: 'Chile\nThe capital of Chile is Santiago.' },
  { id: 'cuba', contents: 'Cuba\nThe capital of Cuba is Havana.' },
];
const retriever = createBm25Retriever({ documents });

const ask = (body: unknown, options: Partial<RetrieverServerOptions> = {}, headers: Record<string, string> = {}) =>
  createRetrieverServer({ retriever, logger: () => undefined, ...options }).request('/retrieve', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('POST /retrieve', () => {
  it('answers with scores', async () => {
    const response = await ask({ queries: ['Pacific', 'capital of Chile'], topk: 1, return_scores: true });
    expect(response.status).toBe(200);
    const [expectedLima, expectedChile] = await retriever.retrieve({
      queries: ['Pacific', 'capital of Chile'],
      topK: 1,
    });
    expect(await response.json()).toEqual({ result: [expectedLima, expectedChile] });
    expect(expectedLima?.[0]?.document).toEqual(documents[1]);
    expect(expectedChile?.[0]?.document).toEqual(documents[2]);
  });

  it.each([{ return_scores: false }, {}, { return_scores: null }])(
    'answers with bare documents for %j, also for exactly two queries',
    async (flags) => {
      const response = await ask({ queries: ['Pacific', 'Havana'], topk: 1, ...flags });
      expect(await response.json()).toEqual({ result: [[documents[1]], [documents[3]]] });
    },
  );

  it('takes three passages unless told otherwise', async () => {
    const count = async (body: object, options?: Partial<RetrieverServerOptions>) => {
      const { result } = (await (await ask(body, options)).json()) as { result: unknown[][] };
      return result[0]?.length;
    };
    expect(await count({ queries: ['the capital of'] })).toBe(3);
    expect(await count({ queries: ['the capital of'], topk: null })).toBe(3);
    expect(await count({ queries: ['the capital of'] }, { topK: 2 })).toBe(2);
    expect(await count({ queries: ['the capital of'], topk: 1 })).toBe(1);
  });

  it('answers no queries with no lists', async () => {
    expect(await (await ask({ queries: [] })).json()).toEqual({ result: [] });
  });

  it.each([
    [{ queries: ['x'], topk: 0 }, 400, /^topk: must be at least 1/],
    [{ queries: ['x'], topk: 1.5 }, 400, /^topk: expected an integer/],
    [{ queries: ['x'], topk: 1001 }, 400, /^topk: 1001 is more than the 1000/],
    [{ queries: 'x' }, 400, /^queries: expected a list/],
    [{ queries: ['x', 7] }, 400, /^queries\.1: each query must be a string/],
    [{ queries: ['x'], return_scores: 'yes' }, 400, /^return_scores: expected true or false/],
    [{}, 400, /^queries: /],
    [[], 400, /^body: expected an object/],
    ['{"queries": [', 400, /not JSON/],
    [{ queries: ['ok', 'x'.repeat(32_769)] }, 413, /^queries\.1: longer than the 32768/],
    [{ queries: Array.from({ length: 4097 }, () => '') }, 413, /smaller batches/],
  ])('refuses %.60j', async (body, status, message) => {
    const response = await ask(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: { message: expect.stringMatching(message) } });
  });

  it('refuses a body that is too large', async () => {
    const response = await ask({ queries: ['x'.repeat(2000)] }, { maxBodyBytes: 1000 });
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({ error: { message: expect.stringMatching(/larger than the 1000 bytes/) } });
  });

  it('answers 503 when the retriever takes too long, even one that ignores the signal', async () => {
    const stuck = { retrieve: () => new Promise<never>(() => undefined) };
    const response = await ask({ queries: ['x'] }, { retriever: stuck, timeout: 20 });
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('1');
  });

  it('answers 500 without inner details when the retriever breaks, and logs them', async () => {
    const lines: string[] = [];
    const broken = { retrieve: () => Promise.reject(new Error('secret path')) };
    const logger = (line: string) => lines.push(line);
    const response = await ask({ queries: ['x'] }, { retriever: broken, logger });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(lines).toEqual(['POST /retrieve: secret path']);
  });

  it('refuses web pages from elsewhere unless they have the token', async () => {
    const body = { queries: ['Pacific'], topk: 1 };
    const status = async (Origin: string, headers = {}, options = {}) =>
      (await ask(body, options, { Origin, ...headers })).status;
    expect(await status('http://rebound.example:8000')).toBe(403);
    expect(await status('null')).toBe(403);
    expect(await status('http://127.0.0.1:8000')).toBe(200);
    expect(await status('http://proxied.example', { Authorization: 'Bearer abc' }, { token: 'abc' })).toBe(200);
  });

  it('asks for the token when it has one', async () => {
    const body = { queries: ['Pacific'], topk: 1 };
    const options = { token: 'abc-123' };
    expect((await ask(body, options)).status).toBe(401);
    const wrong = await ask(body, options, { Authorization: 'Bearer abc-124' });
    expect(wrong.status).toBe(401);
    expect(await wrong.json()).toEqual({ error: { message: 'the bearer token is wrong' } });
    expect((await ask(body, options, { Authorization: 'Bearer abc-123' })).status).toBe(200);
  });
});

describe('other routes', () => {
  const app = createRetrieverServer({ retriever, token: 'abc' });
  const { fingerprint } = retriever;
  const about = { kind: 'bm25', documents: 4, fingerprint };
  const authorized = { headers: { Authorization: 'bearer abc' } };

  it('reports health and readiness without the token', async () => {
    expect(await (await app.request('/health')).json()).toEqual({ status: 'ok', ...about });
    expect(await (await app.request('/ready')).json()).toEqual({ status: 'ready', ...about });
  });

  it.each(['/', '/metrics', '/openapi.json', '/v1/embeddings', '/rerank', '/health/x', '/mcp'])(
    'asks for the token at %s',
    async (path) => {
      const response = await app.request(path);
      expect(response.status).toBe(401);
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer');
      expect((await app.request(path, authorized)).status).not.toBe(401);
      expect((await app.request(path, { headers: { Authorization: 'Basic abc' } })).status).toBe(401);
    },
  );

  it('opens the metrics when told so', async () => {
    const open = createRetrieverServer({ retriever, token: 'abc', openMetrics: true });
    expect((await open.request('/metrics')).status).toBe(200);
  });

  it('explains what is there', async () => {
    const plain = createRetrieverServer({ retriever });
    expect((await plain.request('/')).status).toBe(404);
    expect((await plain.request('/mcp', { method: 'POST' })).status).toBe(404);
    const response = await plain.request('/retrieve');
    expect(response.status).toBe(405);
    expect(response.headers.get('Allow')).toBe('POST');
  });

  it('refuses limits and tokens it cannot use', () => {
    expect(() => createRetrieverServer({ retriever, topK: 0 })).toThrow(/topK/);
    expect(() => createRetrieverServer({ retriever, topK: 5, maxTopK: 4 })).toThrow(/must not exceed/);
    expect(() => createRetrieverServer({ retriever, maxQueue: 0 })).toThrow(/maxQueue/);
    expect(() => createRetrieverServer({ retriever, cacheSize: -1 })).toThrow(/cacheSize/);
    expect(() => createRetrieverServer({ retriever, token: '' })).toThrow(/token/);
  });
});

describe('opening', () => {
  const status = async (app: ReturnType<typeof createRetrieverServer>, path: string) =>
    (await app.request(path)).status;
  const quiet = { logger: () => undefined };

  it('is alive but not ready until the index is open and a search worked', async () => {
    let finish: (opened: typeof retriever) => void = () => undefined;
    const opening = new Promise<typeof retriever>((resolve) => {
      finish = resolve;
    });
    const app = createRetrieverServer({ retriever: opening });
    expect(await (await app.request('/health')).json()).toEqual({ status: 'ok' });
    expect(await (await app.request('/ready')).json()).toEqual({ status: 'loading' });
    const early = await app.request('/retrieve', { method: 'POST', body: '{"queries":["Peru"]}' });
    expect(early.status).toBe(503);
    expect(early.headers.get('Retry-After')).toBe('1');
    finish(retriever);
    await app.whenReady();
    expect(await status(app, '/ready')).toBe(200);
    expect((await app.request('/retrieve', { method: 'POST', body: '{"queries":["Peru"]}' })).status).toBe(200);
    app.stopAccepting();
    expect(await status(app, '/ready')).toBe(503);
    expect(await status(app, '/health')).toBe(200);
    const late = await app.request('/retrieve', { method: 'POST', body: '{"queries":["Peru"]}' });
    expect(late.status).toBe(503);
    expect(late.headers.get('Connection')).toBe('close');
  });

  it('says that the index could not be opened', async () => {
    const lines: string[] = [];
    const app = createRetrieverServer({
      retriever: Promise.reject(new Error('truncated')),
      logger: (line) => lines.push(line),
    });
    await expect(app.whenReady()).rejects.toThrow('truncated');
    expect(await (await app.request('/ready')).json()).toEqual({ status: 'failing' });
    const response = await app.request('/retrieve', { method: 'POST', body: '{"queries":["Peru"]}' });
    expect(await response.json()).toEqual({ error: { message: expect.stringMatching(/could not be opened/) } });
    expect(lines).toEqual(['cannot open the index: truncated']);
  });

  it('tries the first search again, and gives up a stuck one', async () => {
    const answers = [
      () => Promise.reject(new Error('not yet')),
      () => new Promise<never>(() => undefined),
      async () => [[]],
    ];
    const app = createRetrieverServer({
      retriever: { retrieve: () => (answers.shift() ?? (async () => [[]]))() },
      timeout: 20,
      ...quiet,
    });
    expect(await status(app, '/ready')).toBe(503);
    expect(await status(app, '/ready')).toBe(503);
    expect(await status(app, '/ready')).toBe(200);
    expect(answers).toEqual([]);
  });
});
