import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readEvents, type TinyModel, tinyModel, tinyServer } from './__fixtures__/tiny-server.js';
import type { ModelServer, ModelServerOptions } from './create-model-server.js';
import { type RunningModelServer, type ServeModelOptions, serveModel } from './serve-model.js';

let model: TinyModel;
beforeAll(async () => {
  model = await tinyModel();
});
afterAll(() => model.decoder.dispose());

let server: ModelServer | undefined;
let running: RunningModelServer | undefined;
afterEach(async () => {
  await running?.close();
  server?.dispose();
  running = undefined;
  server = undefined;
});
async function start(options: Partial<ModelServerOptions> = {}, listening: Partial<ServeModelOptions> = {}) {
  server = tinyServer(model, options);
  running = await serveModel({ server, port: 0, ...listening });
  return running;
}

const post = (url: string, body: object, signal: AbortSignal | null = null) =>
  fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
const long = { prompt: 'Peru', max_tokens: 200, temperature: 1, n: 4 };
const short = { prompt: 'Peru', max_tokens: 2, temperature: 1 };

describe('serveModel', () => {
  it('sends events while it samples', async () => {
    const { url } = await start();
    const response = await post(url, { ...long, n: 1, stream: true, return_token_ids: true });
    let pieces = 0;
    let body = '';
    for await (const piece of response.body ?? []) {
      pieces += 1;
      body += new TextDecoder().decode(piece);
    }
    expect(pieces).toBeGreaterThan(5);
    expect(readEvents(body).last).toBe('[DONE]');
  });

  it('lets a short request that comes later finish before a long one', async () => {
    const { url } = await start();
    const order: string[] = [];
    const first = post(url, long).then(() => order.push('long'));
    await post(url, short).then(() => order.push('short'));
    await first;
    expect(order).toEqual(['short', 'long']);
  });

  it('answers 429 over the socket while the queue is full', async () => {
    const { url } = await start({ maxBatch: 2, maxQueue: 2 });
    const busy = post(url, long);
    await expect.poll(async () => (await post(url, short)).status).toBe(429);
    expect((await busy).status).toBe(200);
    expect((await post(url, short)).status).toBe(200);
  });

  it('calls off what a client no longer waits for', async () => {
    const { url } = await start({ maxBatch: 1, maxQueue: 3 });
    for (const stream of [false, true]) {
      const controller = new AbortController();
      const gone = post(url, { ...long, max_tokens: 250, stream }, controller.signal);
      if (stream) await gone;
      else await expect.poll(async () => (await post(url, short)).status).toBe(429);
      controller.abort();
      if (!stream) await expect(gone).rejects.toThrow();
      await expect.poll(async () => (await post(url, short)).status).toBe(200);
    }
  });

  it('lets requests in progress finish when it closes, refuses new ones and frees the port', async () => {
    const { url, close } = await start();
    const answer = post(url, long);
    await expect.poll(async () => (await fetch(`${url}/health`)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const closed = close();
    const response = await answer;
    expect(response.status).toBe(200);
    expect(((await response.json()) as { choices: unknown[] }).choices).toHaveLength(4);
    await closed;
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  it('calls off what is not done in time when it closes', async () => {
    const { url, close } = await start({}, { grace: 10 });
    const response = await post(url, { ...long, n: 8, max_tokens: 250, stream: true });
    await close();
    expect(await response.text().catch(() => 'cut off')).toMatch(/"code":"aborted"|cut off/);
  });

  it('listens beyond loopback only with a key, and says when a port is taken', async () => {
    await expect(start({}, { host: '0.0.0.0' })).rejects.toThrow(/--api-key or DGPO_API_KEY/);
    await start({ apiKey: 'k' }, { host: '0.0.0.0' });
    await running?.close();
    const { url } = await start();
    const port = Number(new URL(url).port);
    const other = tinyServer(model);
    await expect(serveModel({ server: other, port })).rejects.toThrow(/another program listens there/);
    await expect(serveModel({ server: other, port: 70_000 })).rejects.toThrow(/0 to 65535/);
    other.dispose();
  });
});

describe('the curl examples of the README', () => {
  const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
  const examples = [...readme.matchAll(/^curl [\s\S]*?(?<!\\)$/gm)].map(([text]) => text);

  it('work', async () => {
    const { url } = await start();
    expect(examples.length).toBeGreaterThanOrEqual(4);
    for (const example of examples) {
      const command = example.replaceAll('http://127.0.0.1:8000', url).replaceAll('smollm2-135m', model.name);
      const { stdout } = await promisify(execFile)('sh', ['-c', `${command} --silent --show-error --fail-with-body`]);
      if (example.includes('"stream": true')) expect(readEvents(stdout).last).toBe('[DONE]');
      else expect(JSON.parse(stdout)).not.toHaveProperty('error');
    }
  });
});
