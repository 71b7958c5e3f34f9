import { createServer, type Server } from 'node:http';
import { createRandom } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { createCircuitBreaker } from './circuit-breaker.js';
import { createRetrieverClient, type RetrieverClientOptions } from './create-retriever-client.js';

const document = { id: '7', contents: '"Title"\ntext' };
const good = { result: [[{ document, score: 0.5 }]] };
const reply = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });

/** A client whose server gives these answers in turn, with the waits it made. */
function scripted(answers: (Response | Error)[], options: Partial<RetrieverClientOptions> = {}) {
  const waits: number[] = [];
  const requests: { url: string; init: RequestInit | undefined }[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    requests.push({ url: String(input), init });
    const answer = answers.shift();
    if (answer === undefined) throw new Error('the script has no more answers');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const client = createRetrieverClient({
    url: 'http://retriever.test:8000',
    fetch,
    random: createRandom(1),
    _internal: {
      sleep: async (milliseconds) => {
        waits.push(milliseconds);
      },
    },
    ...options,
  });
  return { retrieve: (queries = ['q'], topK = 3) => client.retrieve({ queries, topK }), waits, requests };
}

const refused = () => new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:8000') });

async function listening(server: Server): Promise<{ url: string; close: () => Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${address.port}`, close };
}

describe('createRetrieverClient', () => {
  it('sends the request of the contract', async () => {
    const { retrieve, requests } = scripted([reply(good)], { token: 'abc' });
    expect(await retrieve(['q'], 3)).toEqual([[{ document, score: 0.5 }]]);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.url).toBe('http://retriever.test:8000/retrieve');
    expect(requests[0]?.init?.method).toBe('POST');
    expect(requests[0]?.init?.headers).toMatchObject({
      Authorization: 'Bearer abc',
      'Content-Type': 'application/json',
    });
    expect(JSON.parse(String(requests[0]?.init?.body))).toEqual({ queries: ['q'], topk: 3, return_scores: true });
  });

  it.each([
    ['bare documents', { result: [[document]] }, [{ document, score: 0 }]],
    ['numeric ids', { result: [[{ document: { ...document, id: 7 }, score: 1 }]] }, [{ document, score: 1 }]],
    [
      'plain text',
      { result: [[{ document: document.contents, score: 1 }]] },
      [{ document: { ...document, id: '' }, score: 1 }],
    ],
    [
      'no id and no score',
      { result: [[{ document: { contents: 'x' } }]] },
      [{ document: { id: '', contents: 'x' }, score: 0 }],
    ],
    ['nothing found', { result: [[]] }, []],
  ])('understands a reply with %s', async (_name, body, expected) => {
    expect(await scripted([reply(body)]).retrieve()).toEqual([expected]);
  });

  it('cuts lists longer than topK and sends large batches in parts, in order', async () => {
    const scored = (id: string) => ({ document: { id, contents: 'x' }, score: 1 });
    const { retrieve, requests } = scripted(
      [reply({ result: [[scored('a'), scored('b')], [scored('c')]] }), reply({ result: [[scored('d')]] })],
      { batchSize: 2 },
    );
    const answers = await retrieve(['1', '2', '3'], 1);
    expect(answers.map((list) => list.map((item) => item.document.id))).toEqual([['a'], ['c'], ['d']]);
    expect(requests.map(({ init }) => JSON.parse(String(init?.body)).queries)).toEqual([['1', '2'], ['3']]);
  });

  it('sends nothing for no queries', async () => {
    const { retrieve, requests } = scripted([]);
    expect(await retrieve([])).toEqual([]);
    expect(requests).toEqual([]);
  });

  it('tries again after network errors, 429 and 5xx, with doubling waits and jitter', async () => {
    const { retrieve, waits } = scripted([refused(), reply('', 503), reply('busy', 429), reply('', 500), reply(good)], {
      backoff: 100,
    });
    expect(await retrieve()).toEqual(good.result);
    expect(waits).toHaveLength(4);
    for (const [position, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(50 * 2 ** position);
      expect(wait).toBeLessThanOrEqual(100 * 2 ** position);
    }
    const again = scripted([refused(), refused(), refused(), refused(), reply(good)], { backoff: 100 });
    await again.retrieve();
    expect(again.waits).toEqual(waits);
  });

  it('waits as long as Retry-After says, up to maxDelay', async () => {
    const date = new Date(Date.now() + 20_000).toUTCString();
    const { retrieve, waits } = scripted(
      [
        reply('', 429, { 'Retry-After': '7' }),
        reply('', 503, { 'Retry-After': date }),
        reply('', 503, { 'Retry-After': '9999' }),
        reply('', 503, { 'Retry-After': 'soon' }),
        reply(good),
      ],
      { backoff: 1 },
    );
    expect(await retrieve()).toEqual(good.result);
    expect(waits[0]).toBe(7000);
    expect(waits[1]).toBeGreaterThan(15_000);
    expect(waits[1]).toBeLessThanOrEqual(20_000);
    expect(waits[2]).toBe(60_000);
    expect(waits[3]).toBeLessThanOrEqual(8);
  });

  it('gives up after its retries, naming the URL, the cause and how to start a server', async () => {
    const { retrieve, requests } = scripted([refused(), refused(), refused()], { retries: 2 });
    await expect(retrieve()).rejects.toMatchObject({
      name: 'RetrieverError',
      message: expect.stringMatching(
        /^http:\/\/retriever\.test:8000\/retrieve: no answer after 3 attempts \(connect ECONNREFUSED.*dgpo-retriever serve DIR$/,
      ),
    });
    expect(requests).toHaveLength(3);
  });

  it('does not repeat a request that the server refuses', async () => {
    const { retrieve, waits } = scripted([reply({ error: { message: 'topk: too many' } }, 400)]);
    await expect(retrieve()).rejects.toThrow(/refused the request \(status 400: topk: too many\)/);
    expect(waits).toEqual([]);
  });

  it.each([
    [413, true],
    [414, true],
    [431, true],
    [400, false],
    [401, false],
    [404, false],
    [422, false],
  ])('a refusal with status %i blames the query: %s', async (status, refusesQuery) => {
    const { retrieve } = scripted([reply({ error: { message: 'no' } }, status)]);
    await expect(retrieve()).rejects.toMatchObject({ name: 'RetrieverError', refusesQuery });
  });

  it.each([
    ['<html>proxy</html>', /bad reply: it is not JSON: "<html>proxy/],
    ['{"result": [[{"docum', /not JSON/],
    [{ results: [] }, /result is not as in/],
    [{ result: [[{ document: { id: 'x' }, score: 1 }]] }, /result.* is not as in/],
    [{ result: [] }, /0 lists for 1 queries/],
    [{ result: [[], []] }, /2 lists for 1 queries/],
    ['', /not JSON/],
  ])('asks again after the reply %j, and says at last what was wrong', async (body, message) => {
    const mended = scripted([reply(body), reply(good)]);
    expect(await mended.retrieve()).toEqual(good.result);
    expect(mended.waits).toHaveLength(1);
    const { retrieve, waits } = scripted([reply(body), reply(body)], { retries: 1 });
    await expect(retrieve()).rejects.toMatchObject({ name: 'RetrieverError', message: expect.stringMatching(message) });
    expect(waits).toHaveLength(1);
  });

  it('refuses a reply that is too large', async () => {
    const { retrieve } = scripted([reply({ result: [['x'.repeat(500)]] })], { maxResponseBytes: 400 });
    await expect(retrieve()).rejects.toThrow(/larger than 400 bytes/);
  });

  it('refuses bad URLs and options', () => {
    expect(() => createRetrieverClient({ url: 'localhost:8000' })).toThrow(/http/);
    expect(() => createRetrieverClient({ url: 'nowhere' })).toThrow(/not a URL/);
    expect(() => createRetrieverClient({ url: 'http://user:secret@host' })).toThrow(/^host: /);
    expect(() => createRetrieverClient({ url: 'http://host', retries: -1 })).toThrow(/retries/);
    expect(() => createRetrieverClient({ url: 'http://host', maxConcurrent: 0 })).toThrow(/maxConcurrent/);
    expect(() => createRetrieverClient({ url: 'http://host', deadline: 0 })).toThrow(/deadline/);
    expect(() => createRetrieverClient({ url: 'http://host', batchSize: 1.5 })).toThrow(/batchSize/);
  });

  it('reports a dead server', async () => {
    const { url, close } = await listening(createServer());
    await close();
    const client = createRetrieverClient({ url, retries: 1, backoff: 1 });
    await expect(client.retrieve({ queries: ['q'], topK: 1 })).rejects.toThrow(/2 attempts \(.*ECONNREFUSED/);
  });

  it('does not wait for a slow server longer than its timeout', async () => {
    // The headers come at once, the body never ends.
    const { url, close } = await listening(createServer((_request, response) => response.write('{"result":')));
    try {
      const client = createRetrieverClient({ url, timeout: 50, retries: 1, backoff: 1 });
      await expect(client.retrieve({ queries: ['q'], topK: 1 })).rejects.toThrow(/2 attempts \(no answer within 50 ms/);
    } finally {
      await close();
    }
  });

  it('ends with the reason of the signal, during a request and between attempts', async () => {
    const { url, close } = await listening(createServer(() => undefined));
    try {
      const during = createRetrieverClient({ url }).retrieve({
        queries: ['q'],
        topK: 1,
        signal: AbortSignal.timeout(30),
      });
      await expect(during).rejects.toMatchObject({ name: 'TimeoutError' });
    } finally {
      await close();
    }
    const controller = new AbortController();
    const between = createRetrieverClient({ url, backoff: 60_000 }).retrieve({
      queries: ['q'],
      topK: 1,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(between).rejects.toThrow('enough');
  });

  it('ends at its deadline, whatever the retries, and names it', async () => {
    const { url, close } = await listening(createServer(() => undefined));
    try {
      const client = createRetrieverClient({ url, deadline: 50 });
      await expect(client.retrieve({ queries: ['q'], topK: 1 })).rejects.toMatchObject({
        name: 'RetrieverError',
        message: expect.stringContaining('no answer within the deadline of 50 ms'),
      });
      const waiting = createRetrieverClient({ url: 'http://127.0.0.1:9', deadline: 50, backoff: 60_000 });
      await expect(waiting.retrieve({ queries: ['q'], topK: 1 })).rejects.toThrow(/deadline of 50 ms/);
    } finally {
      await close();
    }
  });

  it('tries again after an answer that is cut off or drips', async () => {
    let requests = 0;
    const body = JSON.stringify(good);
    const server = createServer((_request, response) => {
      requests += 1;
      response.writeHead(200, { 'Content-Length': body.length });
      if (requests === 1) response.write(body.slice(0, 9), () => response.destroy());
      else if (requests === 2) response.write(body.slice(0, 9));
      else response.end(body);
    });
    const { url, close } = await listening(server);
    try {
      const client = createRetrieverClient({ url, timeout: 500, backoff: 1 });
      expect(await client.retrieve({ queries: ['q'], topK: 1 })).toEqual(good.result);
      expect(requests).toBe(3);
    } finally {
      await close();
    }
  });

  it('keeps connections and uses no more than maxConcurrent at once', async () => {
    let connections = 0;
    let inFlight = 0;
    let most = 0;
    const server = createServer((request, response) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      request.resume().on('end', () => {
        setImmediate(() => {
          inFlight -= 1;
          response.end(JSON.stringify(good));
        });
      });
    });
    server.on('connection', () => {
      connections += 1;
    });
    const { url, close } = await listening(server);
    try {
      const client = createRetrieverClient({ url, maxConcurrent: 2 });
      await Promise.all(Array.from({ length: 20 }, () => client.retrieve({ queries: ['q'], topK: 1 })));
      expect(most).toBeLessThanOrEqual(2);
      expect(connections).toBeLessThanOrEqual(4);
    } finally {
      await close();
    }
  });

  it('leaves a server alone that stays down, and comes back to it', async () => {
    let now = 0;
    const circuitBreaker = createCircuitBreaker({ failures: 2, cooldown: 1000, now: () => now });
    const { retrieve, requests } = scripted([refused(), reply('', 500), reply('no', 400), refused(), reply(good)], {
      retries: 0,
      circuitBreaker,
    });
    await expect(retrieve()).rejects.toThrow(/ECONNREFUSED/);
    await expect(retrieve()).rejects.toThrow(/500/);
    await expect(retrieve()).rejects.toThrow(
      /^http:\/\/retriever\.test:8000\/retrieve: not asked: the last 2 requests failed; the next attempt is made in 1 s$/,
    );
    expect(requests).toHaveLength(2);
    now = 1000;
    // A refusal is an answer: the server is there.
    await expect(retrieve()).rejects.toThrow(/refused/);
    expect(circuitBreaker.state).toBe('closed');
    await expect(retrieve()).rejects.toThrow(/ECONNREFUSED/);
    expect(await retrieve()).toEqual(good.result);
  });

  it('never shows the token, even when the server repeats it', async () => {
    const { retrieve } = scripted([reply('wrong token s3cret', 401)], { token: 's3cret' });
    const error = await retrieve().catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/status 401: wrong token \*\*\*/);
  });
});
