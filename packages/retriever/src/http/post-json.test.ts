import { createServer, type Server } from 'node:http';
import { createRandom } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { createPost, type PostOptions, resolveRoute } from './post-json.js';

/** A post whose server gives these answers in turn, with the waits it made. */
function scripted(answers: (Response | Error)[], options: Partial<PostOptions> = {}) {
  const waits: number[] = [];
  const requests: (RequestInit | undefined)[] = [];
  const post = createPost('http://models.test/embed', {
    random: createRandom(1),
    async fetch(_input, init) {
      requests.push(init);
      const answer = answers.shift() ?? new Error('the script has no more answers');
      if (answer instanceof Error) throw answer;
      return answer;
    },
    _internal: {
      async sleep(milliseconds) {
        waits.push(milliseconds);
      },
    },
    ...options,
  });
  return { post, waits, requests };
}

async function listening(server: Server): Promise<{ url: string; close: () => Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${address.port}/embed`, close };
}

describe('createPost', () => {
  it('sends JSON with the key of the environment and gives the JSON of the reply', async () => {
    const environment = { MODELS_KEY: 'secret' };
    const { post, requests } = scripted([Response.json({ ok: true })], { tokenEnv: 'MODELS_KEY', environment });
    expect(await post({ inputs: ['x'] })).toEqual({ ok: true });
    expect(requests[0]).toMatchObject({
      method: 'POST',
      body: '{"inputs":["x"]}',
      headers: { Authorization: 'Bearer secret', 'Content-Type': 'application/json' },
    });
    expect(() => scripted([], { tokenEnv: 'MODELS_KEY', environment: {} })).toThrow(/MODELS_KEY.*is not set/);
  });

  it('tries again after failures that may pass, as long as the server asks for', async () => {
    const { post, waits } = scripted(
      [
        new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }),
        new Response('', { status: 503, headers: { 'Retry-After': '7' } }),
        new Response('', { status: 429 }),
        Response.json([]),
      ],
      { backoff: 100 },
    );
    expect(await post({})).toEqual([]);
    expect(waits[0]).toBeGreaterThanOrEqual(50);
    expect(waits[0]).toBeLessThanOrEqual(100);
    expect(waits[1]).toBe(7000);
    expect(waits.length).toBe(3);
  });

  it('gives up after its retries, and at once when the server refuses', async () => {
    const dead = () => new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    await expect(scripted([dead(), dead()], { retries: 1 }).post({})).rejects.toMatchObject({
      name: 'RetrieverError',
      message: 'http://models.test/embed: no answer after 2 attempts (connect ECONNREFUSED)',
    });
    const { post, waits } = scripted([new Response('batch size 64 > 32', { status: 413 })]);
    await expect(post({})).rejects.toThrow(/refused the request \(status 413: batch size 64 > 32\)/);
    expect(waits).toEqual([]);
  });

  it('refuses replies that are too large or no JSON', async () => {
    const large = scripted([new Response('x'.repeat(50))], { maxResponseBytes: 40 });
    await expect(large.post({})).rejects.toThrow(/larger than 40 bytes/);
    await expect(scripted([new Response('<html>')]).post({})).rejects.toThrow(/not JSON: "<html>"/);
  });

  it('does not wait for a slow server longer than its timeout, and ends with the reason of the signal', async () => {
    // The headers come at once, the body never ends.
    const { url, close } = await listening(createServer((_request, response) => response.write('[')));
    try {
      await expect(createPost(url, { timeout: 50, retries: 0 })({})).rejects.toThrow(
        /no answer after one attempt \(no answer within 50 ms\)/,
      );
      const aborted = createPost(url, {})({}, AbortSignal.timeout(30));
      await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' });
    } finally {
      await close();
    }
  });

  it('refuses options outside their range', () => {
    expect(() => createPost('http://x', { timeout: 0 })).toThrow(/timeout/);
    expect(() => createPost('http://x', { retries: -1 })).toThrow(/retries/);
  });
});

describe('resolveRoute', () => {
  it.each([
    ['http://127.0.0.1:8080', '/embed', 'http://127.0.0.1:8080/embed'],
    ['http://127.0.0.1:8080/', '/embed', 'http://127.0.0.1:8080/embed'],
    ['http://127.0.0.1:8080/embed', '/embed', 'http://127.0.0.1:8080/embed'],
    ['https://api.openai.com/v1', '/v1/embeddings', 'https://api.openai.com/v1/embeddings'],
    ['https://api.openai.com', '/v1/embeddings', 'https://api.openai.com/v1/embeddings'],
    ['https://host/some/embeddings/', '/v1/embeddings', 'https://host/some/embeddings'],
    ['https://api.jina.ai/v1/rerank', '/rerank', 'https://api.jina.ai/v1/rerank'],
  ])('%s and %s is %s', (url, route, expected) => {
    expect(resolveRoute(url, route)).toBe(expected);
  });

  it('refuses what is no URL of a server', () => {
    expect(() => resolveRoute('nowhere', '/embed')).toThrow(/not a URL/);
    expect(() => resolveRoute('localhost:8080', '/embed')).toThrow(/http/);
    expect(() => resolveRoute('http://user:secret@host', '/embed')).toThrow(/^host: /);
  });
});
