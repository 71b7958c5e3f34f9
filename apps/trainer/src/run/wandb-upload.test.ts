import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wandbSettings } from './wandb-settings.js';
import { createWandbTracker } from './wandb-tracker.js';

const apiKey = 'secret-key-0123456789';

interface Request {
  path: string;
  headers: IncomingHttpHeaders;
  body: {
    variables?: Record<string, unknown>;
    files?: Record<string, { offset: number; content: string[] }>;
    complete?: boolean;
  };
}

/** A server that answers as W&B does, unless it is told a status. */
async function startServer(statusOf: (request: number) => number | 'silent' = () => 200) {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) as Request['body'] });
      const status = statusOf(requests.length);
      if (status === 'silent') return;
      const project = { name: 'search', entity: { name: 'a team' } };
      const bucket = { id: 'x', name: 'run1', project };
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(request.url === '/graphql' ? { data: { upsertBucket: { bucket } } } : {}));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { baseUrl: `http://127.0.0.1:${port}`, requests, close };
}

let directory: string;
let close: () => void = () => undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-wandb-'));
});
afterEach(() => {
  close();
  rmSync(directory, { recursive: true, force: true });
});

function open(baseUrl: string, completedSteps = 0, server = {}) {
  const notices: string[] = [];
  const tracker = createWandbTracker({
    directory,
    id: 'run1',
    project: 'search',
    group: 'first',
    jobType: 'dgpo',
    displayName: 'first dgpo',
    config: { seed: 1 },
    completedSteps,
    server: { baseUrl, apiKey, interval: 5, timeout: 5000, retryDelays: [1, 1], ...server },
    notify: (line) => notices.push(line),
    wallTime: () => 1700000000,
  });
  return { tracker, notices };
}

const folder = () => join(directory, readdirSync(directory)[0] ?? '');
const isMarked = () => existsSync(join(folder(), 'run-run1.wandb.synced'));

/** The steps that a server has after the requests, as it puts lines at their offsets. */
function stepsOf(requests: readonly Request[]): unknown[] {
  const lines: string[] = [];
  for (const { body } of requests) {
    const { offset = 0, content = [] } = body.files?.['wandb-history.jsonl'] ?? {};
    content.forEach((line, index) => {
      lines[offset + index] = line;
    });
  }
  return lines.map((line) => (JSON.parse(line) as { _step: number })._step);
}

describe('the upload of a W&B run', () => {
  it('makes the run, sends every step at its number and ends it', async () => {
    const server = await startServer();
    close = server.close;
    const { tracker, notices } = open(server.baseUrl);
    for (let step = 1; step <= 1201; step++) tracker.log({ reward: step / 2, 'kl/mean': 0 }, step);
    await tracker.finish();
    const [first, second] = server.requests;
    expect(first?.path).toBe('/graphql');
    expect(first?.body.variables).toEqual({
      project: 'search',
      name: 'run1',
      groupName: 'first',
      jobType: 'dgpo',
      displayName: 'first dgpo',
      config: '{"seed":{"value":1}}',
    });
    expect(second?.path).toBe('/files/a%20team/search/run1/file_stream');
    expect(second?.body.files?.['wandb-history.jsonl']?.content[0]).toBe(
      '{"reward":0.5,"kl/mean":0,"_timestamp":1700000000,"_runtime":0,"_step":1}',
    );
    expect(stepsOf(server.requests)).toEqual(Array.from({ length: 1201 }, (_, index) => index + 1));
    expect(server.requests.at(-1)?.body).toEqual({ complete: true, exitcode: 0 });
    const summaries = server.requests.flatMap(({ body }) => body.files?.['wandb-summary.json']?.content ?? []);
    expect(JSON.parse(summaries.at(-1) ?? '')).toMatchObject({ reward: 600.5, _step: 1201 });
    for (const { headers } of server.requests) {
      expect(headers.authorization).toBe(`Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`);
    }
    expect(notices).toEqual([]);
    expect(isMarked()).toBe(true);
  });

  it('sends while the run goes on', async () => {
    const server = await startServer();
    close = server.close;
    const { tracker } = open(server.baseUrl);
    tracker.log({ reward: 1 }, 1);
    while (stepsOf(server.requests).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    tracker.log({ reward: 2 }, 2);
    await tracker.finish();
    expect(stepsOf(server.requests)).toEqual([1, 2]);
  });

  it('sends the steps of earlier attempts again on resume, so that nothing is missing', async () => {
    const before = open('http://127.0.0.1:9', 0, { interval: 100_000 }).tracker;
    for (let step = 1; step <= 3; step++) before.log({ reward: step }, step);
    const server = await startServer();
    close = server.close;
    const { tracker } = open(server.baseUrl, 2);
    tracker.log({ reward: 30 }, 3);
    await tracker.finish();
    expect(stepsOf(server.requests)).toEqual([1, 2, 3]);
    expect(JSON.stringify(server.requests)).not.toContain('\\"reward\\":3,');
  });

  it('tries again what may pass, and never the same line at another place', async () => {
    const server = await startServer((request) => (request % 3 === 0 ? 200 : request % 3 === 1 ? 503 : 429));
    close = server.close;
    const { tracker, notices } = open(server.baseUrl);
    tracker.log({ reward: 1 }, 1);
    await tracker.finish();
    expect(notices).toEqual([]);
    expect(stepsOf(server.requests)).toEqual([1]);
  });

  it.each([
    ['a wrong key', (): number => 401, 1, 'the server answered 401'],
    ['a server out of order', (): number => 500, 3, 'the server answered 500'],
  ])('says once what happened and where the file is: %s', async (_, statusOf, tries, reason) => {
    const server = await startServer(statusOf);
    close = server.close;
    const { tracker, notices } = open(server.baseUrl);
    tracker.log({ reward: 1 }, 1);
    while (notices.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    tracker.log({ reward: 2 }, 2);
    await tracker.finish();
    expect(notices).toEqual([
      `W&B: the upload stopped: ${reason}. The run is in ${folder()}; upload it with: wandb sync ${folder()}`,
    ]);
    expect(notices.join()).not.toContain(apiKey);
    expect(server.requests).toHaveLength(tries);
    expect(isMarked()).toBe(false);
  });

  it('goes on without a network', async () => {
    const server = await startServer();
    server.close();
    const { tracker, notices } = open(server.baseUrl);
    tracker.log({ reward: 1 }, 1);
    await tracker.finish();
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain('the server cannot be reached');
  });

  it('does not wait for a server that is silent', async () => {
    const server = await startServer(() => 'silent');
    close = server.close;
    const { tracker, notices } = open(server.baseUrl, 0, { timeout: 30 });
    tracker.log({ reward: 1 }, 1);
    await tracker.finish();
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/does not answer|took longer/);
  });
});

describe('wandbSettings', () => {
  it('is offline unless it is told', () => {
    expect(wandbSettings({ WANDB_API_KEY: 'k', WANDB_PROJECT: '' })).toEqual({
      mode: 'offline',
      baseUrl: 'https://api.wandb.ai',
      apiKey: 'k',
    });
    expect(
      wandbSettings({
        WANDB_MODE: 'run',
        WANDB_PROJECT: 'p',
        WANDB_ENTITY: 'e',
        WANDB_BASE_URL: 'http://127.0.0.1:80',
      }),
    ).toEqual({ mode: 'online', project: 'p', entity: 'e', baseUrl: 'http://127.0.0.1:80' });
  });

  it.each([
    [{ WANDB_MODE: 'on' }, /WANDB_MODE: must be offline, online or disabled, got "on"/],
    [{ WANDB_BASE_URL: 'file:///etc' }, /WANDB_BASE_URL: must be an address/],
  ])('refuses %j', (environment, message) => expect(() => wandbSettings(environment)).toThrow(message));
});
