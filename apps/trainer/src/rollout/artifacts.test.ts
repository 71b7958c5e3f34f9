import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../run/stable-hash.js';
import { createArtifactCache } from './artifact-cache.js';
import { type ArtifactClientOptions, createArtifactClient } from './artifact-client.js';
import { serveArtifacts } from './artifact-server.js';
import { type ArtifactStore, createArtifactStore } from './artifact-store.js';
import type { Blob } from './wire-job.js';

let root: string;
let store: ArtifactStore;
let replies: [string, string][];
const closing: (() => Promise<void>)[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-artifacts-'));
  store = createArtifactStore();
  replies = [];
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(root, { recursive: true, force: true });
});

async function trainer(options: { token?: string; maxReplyBytes?: number } = {}): Promise<string> {
  const server = await serveArtifacts({
    store,
    job: () => undefined,
    onReply: async (id, body) => {
      replies.push([id, Buffer.from(body).toString()]);
      return id === 'known';
    },
    ...options,
  });
  closing.push(server.close);
  return server.url;
}

/** A trainer that answers every request with these bytes. */
async function liar(bytes: Uint8Array): Promise<string> {
  const server = createServer((_, response) => response.end(bytes));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

const clientOf = (url: string, options: Partial<ArtifactClientOptions> = {}) =>
  createArtifactClient({ url, worker: 'w', patience: 0, ...options });
const cacheOf = (url: string, options: Partial<ArtifactClientOptions> & { maxFolderBytes?: number } = {}) =>
  createArtifactCache({ client: clientOf(url, options), directory: join(root, 'cache'), ...options });
const blobOf = (bytes: Uint8Array): Blob => ({ sha256: sha256(bytes), bytes: bytes.length });
const left = () => readdirSync(join(root, 'cache'), { recursive: true });

describe('artifacts', () => {
  it('folders arrive as they are, below folders too; only what is wanted travels', async () => {
    mkdirSync(join(root, 'index', 'deep'), { recursive: true });
    writeFileSync(join(root, 'index', 'a.json'), '{}');
    writeFileSync(join(root, 'index', 'deep', 'b.json'), '{}');
    writeFileSync(join(root, 'index', 'secret.txt'), 'secret');
    const manifest = await store.folder(join(root, 'index'), (name) => name.endsWith('.json'));
    const cache = cacheOf(await trainer());
    const [directory, same] = await Promise.all([cache.folder(manifest), cache.folder(manifest)]);
    expect(same).toBe(directory);
    expect(readdirSync(directory, { recursive: true }).sort()).toEqual(['a.json', 'deep', join('deep', 'b.json')]);
    expect(readFileSync(join(directory, 'deep', 'b.json'), 'utf8')).toBe('{}');
    expect(left().filter((name) => String(name).includes('.part'))).toEqual([]);
  });

  it('bytes are kept until as many have let go as have taken', async () => {
    const blob = await store.add([Buffer.from('ab'), Buffer.from('c')]);
    await store.add([Buffer.from('abc')]);
    store.remove(blob);
    const url = await trainer();
    expect(Buffer.from(await cacheOf(url).bytes(blob)).toString()).toBe('abc');
    store.remove(blob);
    await expect(cacheOf(url).bytes(blob)).rejects.toThrow(/the trainer does not have it/);
  });

  it('other bytes than announced are refused, and nothing of them stays', async () => {
    const right = Buffer.from('right');
    const same = await liar(Buffer.from('wrong'));
    await expect(cacheOf(same).bytes(blobOf(right))).rejects.toThrow(/another hash/);
    const longer = await liar(Buffer.from('right and more'));
    await expect(cacheOf(longer).bytes(blobOf(right))).rejects.toThrow(/longer than announced/);
    const shorter = await liar(Buffer.from('rig'));
    await expect(cacheOf(shorter).bytes(blobOf(right))).rejects.toThrow(/ended after 3 of 5 bytes/);
    const file = { path: 'a', ...blobOf(right) };
    const manifest = Buffer.from(JSON.stringify({ files: [file] }));
    const url = await liar(manifest);
    await expect(cacheOf(url).folder(blobOf(manifest))).rejects.toThrow(/longer than announced/);
    expect(left()).toEqual([]);
  });

  it('what is larger than allowed is refused before it is fetched', async () => {
    const url = await liar(Buffer.alloc(0));
    const large = { sha256: sha256('x'), bytes: 2 ** 50 };
    await expect(cacheOf(url, { maxArtifactBytes: 100 }).bytes(large)).rejects.toThrow(/more than the 100 that/);
    const files = [1, 2].map((name) => ({ path: `${name}`, sha256: sha256('x'), bytes: 60 }));
    const manifest = Buffer.from(JSON.stringify({ files }));
    const cache = cacheOf(await liar(manifest), { maxFolderBytes: 100 });
    await expect(cache.folder(blobOf(manifest))).rejects.toThrow(/has 120 bytes, more than the 100/);
  });

  it.each(['../outside', '/etc/passwd', 'a/../../b', 'a\\..\\b', '', 'nul', 'a//b'])(
    'a file called %j is refused',
    async (path) => {
      const manifest = Buffer.from(JSON.stringify({ files: [{ path, sha256: sha256(''), bytes: 0 }] }));
      const cache = cacheOf(await liar(manifest));
      await expect(cache.folder(blobOf(manifest))).rejects.toThrow(/not safe to write|no list of files/);
      expect(readdirSync(root).sort()).toEqual([]);
    },
  );

  it('without the token nothing is said; the token appears in no message', async () => {
    const blob = await store.add([Buffer.from('weights')]);
    const url = await trainer({ token: 'right-token' });
    expect(Buffer.from(await cacheOf(url, { token: 'right-token' }).bytes(blob)).toString()).toBe('weights');
    for (const token of ['wrong-token', undefined]) {
      const refused = await cacheOf(url, { token })
        .bytes(blob)
        .catch((error: unknown) => String(error));
      expect(refused).toMatch(/the trainer asks for another token/);
      expect(refused).not.toMatch(/-token/);
    }
    await expect(clientOf(url).reply('known', Buffer.from('x'))).rejects.toThrow(/another token/);
    expect(replies).toEqual([]);
  });

  it('pages in a browser get nothing', async () => {
    const { sha256: key } = await store.add([Buffer.from('weights')]);
    const url = await trainer();
    expect((await fetch(`${url}/artifacts/${key}`)).status).toBe(200);
    const page = await fetch(`${url}/artifacts/${key}`, { headers: { origin: 'https://example.org' } });
    expect(page.status).toBe(403);
    expect((await fetch(`${url}/artifacts/${key}/more`)).status).toBe(404);
    expect((await fetch(`${url}/artifacts/..%2f..%2fetc%2fpasswd`)).status).toBe(404);
  });

  it('listening beyond loopback needs a token', async () => {
    const options = { store, job: () => undefined, onReply: async () => true };
    await expect(serveArtifacts({ ...options, host: '0.0.0.0' })).rejects.toThrow(/DGPO_WORKER_TOKEN/);
    await expect(serveArtifacts({ ...options, token: ' ' })).rejects.toThrow(/DGPO_WORKER_TOKEN is empty/);
  });

  it('replies are taken once somebody waits, up to a size', async () => {
    const url = await trainer({ maxReplyBytes: 10 });
    expect(await clientOf(url).reply('known', Buffer.from('small'))).toBe(true);
    expect(await clientOf(url).reply('unknown', Buffer.from('small'))).toBe(false);
    expect(replies).toEqual([
      ['known', 'small'],
      ['unknown', 'small'],
    ]);
    await expect(clientOf(url).reply('known', Buffer.alloc(11))).rejects.toThrow(/refuses|does not answer/);
    expect(replies).toHaveLength(2);
  });

  it('a trainer that is away is asked again', async () => {
    const blob = await store.add([Buffer.from('weights')]);
    let asked = 0;
    const real = await trainer();
    const server = createServer(async (request, response) => {
      asked += 1;
      if (asked === 1) request.socket.destroy();
      else if (asked === 2) response.writeHead(503).end();
      else response.end(Buffer.from(await (await fetch(`${real}${request.url}`)).arrayBuffer()));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(() => resolve())));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    expect(Buffer.from(await cacheOf(url, { patience: 10_000 }).bytes(blob)).toString()).toBe('weights');
    expect(asked).toBe(3);
    await expect(clientOf('http://127.0.0.1:1').job('x')).rejects.toThrow(/the trainer does not answer/);
  });
});
