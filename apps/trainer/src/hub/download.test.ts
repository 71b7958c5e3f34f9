import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, DatasetError } from '@dgpo/trajectory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeHubOptions, startFakeHub } from './__fixtures__/fake-hub.js';
import { findEntry } from './catalogue.js';
import { type DownloadOptions, type DownloadPlan, download, formatBytes } from './download.js';
import { safePath } from './safe-path.js';

let directory: string;
let close: () => Promise<void> = async () => undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-hub-'));
});
afterEach(async () => {
  await close();
  rmSync(directory, { recursive: true, force: true });
});

const weights = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251));
const files = { 'config.json': Buffer.from('{"hiddenSize":96}'), 'model.safetensors': weights };

async function start(options: Partial<FakeHubOptions> = {}) {
  let arrived = 0;
  const hub = await startFakeHub({
    files,
    repository: 'models/org/tiny',
    lfs: ['model.safetensors'],
    arrived: () => arrived,
    ...options,
  });
  close = hub.close;
  const fetchInto = (more: Partial<DownloadOptions> = {}) =>
    download({
      kind: 'model',
      name: 'org/tiny',
      directory,
      endpoint: hub.endpoint,
      retryDelay: 1,
      ...more,
      onProgress: (progress) => {
        arrived = progress.bytes;
        more.onProgress?.(progress);
      },
    });
  return { ...hub, fetchInto };
}

const fileRequests = (seen: readonly { url: string }[]) => seen.filter(({ url }) => !url.startsWith('/api/'));
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('download', () => {
  it('fetches the files that are named alone, and refuses more than allowed before the first byte', async () => {
    const hub = await start();
    const { plan } = await hub.fetchInto({ files: ['config.json'], maxBytes: 17 });
    expect(plan.files.map(({ path }) => path)).toEqual(['config.json']);
    expect(readdirSync(directory)).toEqual(['config.json']);
    await expect(hub.fetchInto({ files: ['nothing.json'] })).rejects.toThrow('org/tiny: has no file nothing.json');
    hub.seen.length = 0;
    await expect(hub.fetchInto({ maxBytes: 200_000 })).rejects.toThrow(
      'org/tiny: has 300.0 kB, more than the 200.0 kB allowed here',
    );
    expect(fileRequests(hub.seen)).toEqual([]);
  });

  it('announces the size, fetches every page of files and skips what is complete', async () => {
    const hub = await start({ pageSize: 1 });
    let plan: DownloadPlan | undefined;
    const progress: number[] = [];
    const result = await hub.fetchInto({
      onPlan: (announced) => {
        plan = announced;
        expect(fileRequests(hub.seen)).toEqual([]);
        return undefined;
      },
      onProgress: ({ bytes }) => progress.push(bytes),
    });
    expect(result.completed).toBe(true);
    expect([plan?.totalBytes, plan?.presentBytes]).toEqual([300_017, 0]);
    expect(progress.at(-1)).toBe(300_017);
    expect(readFileSync(join(directory, 'model.safetensors')).equals(weights)).toBe(true);
    expect(readdirSync(directory).sort()).toEqual(['config.json', 'model.safetensors']);
    const before = fileRequests(hub.seen).length;
    expect((await hub.fetchInto()).plan.presentBytes).toBe(300_017);
    expect(fileRequests(hub.seen)).toHaveLength(before);
  });

  it('fetches nothing when the plan is declined', async () => {
    const hub = await start();
    expect((await hub.fetchInto({ onPlan: () => false })).completed).toBe(false);
    expect(fileRequests(hub.seen)).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('continues with Range after broken connections, in one run and over several', async () => {
    const hub = await start({ files: { 'model.safetensors': weights }, cutAfter: [100_000, 50_000, 60_000] });
    const error = await errorOf(hub.fetchInto({ retries: 1 }));
    expect(error).toBeInstanceOf(DatasetError);
    expect(String(error)).toMatch(/the connection broke .* run it again, it will continue/);
    await hub.fetchInto();
    expect(readFileSync(join(directory, 'model.safetensors')).equals(weights)).toBe(true);
    const ranges = hub.seen.filter(({ host }) => host === 'storage').map(({ range }) => range);
    expect(ranges).toEqual([undefined, 'bytes=100000-', 'bytes=150000-', 'bytes=210000-']);
    expect(readdirSync(directory)).toEqual(['model.safetensors']);
  });

  it('refuses content whose hash differs, of either kind, and starts it over next time', async () => {
    const hub = await start({ announcedSha256: 'a'.repeat(64) });
    await expect(hub.fetchInto()).rejects.toThrow(/damaged \(its hash differs\); run it again/);
    expect(readdirSync(directory)).toEqual(['config.json']);
    writeFileSync(join(directory, 'config.json'), '{"hiddenSize":69}');
    const { plan } = await hub.fetchInto({ onPlan: () => false });
    expect(plan.presentBytes).toBe(0);
  });

  it('sends the token to the hub alone and never shows it', async () => {
    const token = 'hf_secret';
    const hub = await start({ token });
    await hub.fetchInto({ token });
    expect(
      hub.seen.filter(({ host }) => host === 'hub').every((request) => request.authorization === `Bearer ${token}`),
    ).toBe(true);
    const storage = hub.seen.filter(({ host }) => host === 'storage');
    expect(storage.map((request) => request.authorization)).toEqual([undefined]);
    rmSync(join(directory, 'config.json'));
    await expect(hub.fetchInto()).rejects.toThrow(/access denied \(401\); set HF_TOKEN/);
    const error = await errorOf(hub.fetchInto({ token: 'hf_wrong' }));
    expect(String(error)).toMatch(/HF_TOKEN may not read it/);
    expect(String(error)).not.toContain('hf_wrong');
  });

  it('takes HF_TOKEN and HF_ENDPOINT from the environment', async () => {
    const hub = await start({ token: 'hf_environment' });
    process.env.HF_TOKEN = 'hf_environment';
    process.env.HF_ENDPOINT = `${hub.endpoint}/`;
    try {
      const result = await download({ kind: 'model', name: 'org/tiny', directory });
      expect(result.completed).toBe(true);
    } finally {
      delete process.env.HF_TOKEN;
      delete process.env.HF_ENDPOINT;
    }
  });

  it('takes only the part of a repository that the catalogue names', async () => {
    const hub = await start({
      repository: 'datasets/RUC-NLPIR/FlashRAG_datasets',
      files: {
        'nq/test.jsonl': Buffer.from('{}\n'),
        'nq-other/test.jsonl': Buffer.from('x'),
        'README.md': Buffer.from('y'),
      },
    });
    await hub.fetchInto({ kind: 'dataset', name: 'nq' });
    expect(readdirSync(directory, { recursive: true })).toEqual(['nq', join('nq', 'test.jsonl')]);
    await expect(hub.fetchInto({ kind: 'dataset', name: 'musique' })).rejects.toThrow(/has no files for this name/);
  });

  it('writes nothing outside its folder', async () => {
    const hub = await start({ files: { '../outside.txt': Buffer.from('x'), 'config.json': Buffer.from('{}') } });
    await expect(hub.fetchInto()).rejects.toThrow(/not safe to write: "\.\.\/outside\.txt"/);
    expect(existsSync(join(directory, '..', 'outside.txt'))).toBe(false);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('gives up on a server that stalls, and on one that is not there', async () => {
    const stalling: typeof fetch = (input, init) =>
      new Promise((resolve, reject) => {
        if (String(input).includes('/api/')) resolve(Response.json([{ type: 'file', path: 'a.bin', size: 3 }]));
        else init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const options = {
      kind: 'model',
      name: 'org/tiny',
      directory,
      retries: 1,
      retryDelay: 1,
      stallTimeout: 20,
    } as const;
    await expect(download({ ...options, fetch: stalling })).rejects.toThrow(/connection broke \(no data for 0\.02 s\)/);
    const endpoint = 'http://127.0.0.1:9';
    await expect(download({ ...options, endpoint })).rejects.toThrow(/cannot be reached; is there a network\?/);
    const hub = await start();
    await expect(hub.fetchInto({ name: 'org/other' })).rejects.toThrow(/no such repository, revision or file \(404\)/);
  });

  it('stops when it is told to, and continues later', async () => {
    const hub = await start({ files: { 'model.safetensors': weights }, cutAfter: [100_000] });
    const controller = new AbortController();
    const reason = new Error('Ctrl-C');
    const stopped = hub.fetchInto({ signal: controller.signal, onProgress: () => controller.abort(reason) });
    expect(await errorOf(stopped)).toBe(reason);
    await hub.fetchInto();
    expect(readFileSync(join(directory, 'model.safetensors')).equals(weights)).toBe(true);
    expect(hub.seen.at(-1)?.range).toMatch(/^bytes=\d+-$/);
  });
});

describe('findEntry', () => {
  it('knows short names, repositories and any org/name', () => {
    expect(findEntry('corpus', 'wiki-18').repository).toBe('PeterJinGo/wiki-18-corpus');
    expect(findEntry('model', 'omron-sinicx/DGPO-qwen2.5-0.5b').name).toBe('dgpo-qwen2.5-0.5b');
    expect(findEntry('dataset', 'me/mine')).toMatchObject({ repository: 'me/mine', repositoryType: 'dataset' });
    expect(() => findEntry('corpus', 'wiki18')).toThrow(/there is no corpus "wiki18"; did you mean "wiki-18"\?/);
    expect(() => findEntry('model', '../../etc')).toThrow(ConfigError);
  });
});

it.each(['/etc/passwd', 'a/../b', './a', 'a//b', 'a\\b', 'C:x', 'a/', '', 'nul.txt', 'a\u0000b', '~/x'])(
  'safePath refuses %j',
  (name) => expect(() => safePath('/data', name)).toThrow(DatasetError),
);

it('safePath keeps folders, formatBytes rounds', () => {
  expect(safePath('/data', 'nq/test.jsonl')).toBe(join('/data', 'nq', 'test.jsonl'));
  expect([0, 999, 1000, 5_100_000_000].map(formatBytes)).toEqual(['0 B', '999 B', '1.0 kB', '5.1 GB']);
});
