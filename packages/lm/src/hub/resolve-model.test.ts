import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { commit, type FakeHubOptions, startFakeHub } from './__fixtures__/fake-hub.js';
import { defaultCacheDirectory } from './hub-cache.js';
import { importHub } from './import-hub.js';
import { parseModelName } from './model-name.js';
import { type ResolveModelOptions, resolveModel } from './resolve-model.js';

let cacheDirectory: string;
let close: () => Promise<void> = async () => undefined;
beforeEach(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'dgpo-hub-cache-'));
  for (const name of ['HF_TOKEN', 'HF_ENDPOINT', 'HF_HUB_OFFLINE', 'HF_HUB_CACHE', 'HF_HOME']) vi.stubEnv(name, '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await close();
  close = async () => undefined;
  await rm(cacheDirectory, { recursive: true });
});

const weights = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251));
const needed = {
  'config.json': Buffer.from('{"model_type":"llama"}'),
  'tokenizer.json': Buffer.from('{}'),
  'chat_template.jinja': Buffer.from('{{ messages }}'),
  'model.safetensors': weights,
};
const files = {
  ...needed,
  'pytorch_model.bin': weights,
  'README.md': Buffer.from('# tiny'),
  'original/model.safetensors': weights,
  'consolidated.safetensors': weights,
};
const snapshot = () => join(cacheDirectory, 'models--org--tiny', 'snapshots', commit);
const blobs = () => readdir(join(cacheDirectory, 'models--org--tiny', 'blobs'));

async function start(options: Partial<FakeHubOptions> = {}) {
  const hub = await startFakeHub({ files, lfs: ['model.safetensors', 'pytorch_model.bin'], ...options });
  close = hub.close;
  const resolve = (more: Partial<ResolveModelOptions> = {}) =>
    resolveModel({ model: 'org/tiny', cacheDirectory, endpoint: hub.endpoint, retryDelay: 1, ...more });
  return { ...hub, resolve };
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const failure = await promise.then(
    () => 'nothing failed',
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(ModelError);
  return (failure as Error).message;
}

const nobody = 'http://127.0.0.1:9';

describe('resolveModel', () => {
  test('takes folders and files that exist as they are', async () => {
    expect(await resolveModel({ model: cacheDirectory, offline: true })).toBe(cacheDirectory);
    const path = join(cacheDirectory, 'model.gguf');
    writeFileSync(path, '');
    expect(await resolveModel({ model: path })).toBe(path);
  });

  test('fills the cache with what a model is loaded from, laid out as in Python', async () => {
    const hub = await start();
    const progress: number[] = [];
    const directory = await hub.resolve({ onProgress: ({ bytes }) => progress.push(bytes) });
    expect(directory).toBe(snapshot());
    expect((await readdir(directory)).sort()).toEqual(Object.keys(needed).sort());
    for (const [name, content] of Object.entries(needed)) {
      expect(readFileSync(join(directory, name)).equals(content)).toBe(true);
      expect(lstatSync(join(directory, name)).isSymbolicLink()).toBe(true);
    }
    expect(readFileSync(join(directory, '..', '..', 'refs', 'main'), 'utf8')).toBe(commit);
    expect((await blobs()).map((name) => name.length).sort()).toEqual([40, 40, 40, 64]);
    expect(progress.at(-1)).toBe(Object.values(needed).reduce((total, { length }) => total + length, 0));

    const contents = hub.seen.filter(({ url }) => !url.startsWith('/api/')).length;
    expect(await hub.resolve({ model: 'org/tiny@v1' })).toBe(directory);
    expect(hub.seen.filter(({ url }) => !url.startsWith('/api/'))).toHaveLength(contents);
    const all = hub.seen.length;
    expect(await hub.resolve({ model: `org/tiny@${commit}` })).toBe(directory);
    expect(hub.seen).toHaveLength(all);
  });

  test('takes shards where there is no single file', async () => {
    const shards = { 'model-00001-of-00002.safetensors': weights, 'model-00002-of-00002.safetensors': weights };
    const index = 'model.safetensors.index.json';
    const map = { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' };
    const hub = await start({
      files: { 'config.json': Buffer.from('{}'), [index]: Buffer.from(JSON.stringify({ weight_map: map })), ...shards },
    });
    const directory = await hub.resolve();
    expect((await readdir(directory)).sort()).toEqual(['config.json', index, ...Object.keys(shards)].sort());
    expect(await resolveModel({ model: 'org/tiny', cacheDirectory, offline: true })).toBe(directory);
    rmSync(join(directory, 'model-00002-of-00002.safetensors'));
    expect(await messageOf(resolveModel({ model: 'org/tiny', cacheDirectory, offline: true }))).toMatch(
      /not in the cache/,
    );
  });

  test('continues after broken connections, in one run and over several', async () => {
    const hub = await start({ cutAfter: [100_000, 50_000, 60_000] });
    expect(await messageOf(hub.resolve({ retries: 1 }))).toMatch(
      /the connection broke .* run it again, it will continue/,
    );
    expect((await blobs()).filter((name) => name.endsWith('.incomplete'))).toHaveLength(1);
    expect(await messageOf(resolveModel({ model: 'org/tiny', cacheDirectory, offline: true }))).toMatch(
      /not in the cache/,
    );
    expect(readFileSync(join(await hub.resolve(), 'model.safetensors')).equals(weights)).toBe(true);
    const ranges = hub.seen.filter(({ host, range }) => host === 'storage' && range !== 'bytes=0-0');
    expect(ranges.map(({ range }) => range)).toEqual([
      undefined,
      'bytes=100000-299999',
      'bytes=150000-299999',
      'bytes=210000-299999',
    ]);
    expect((await blobs()).filter((name) => name.endsWith('.incomplete'))).toEqual([]);
  });

  test('tries again when the storage is unavailable or silent', async () => {
    const hub = await start({ unavailable: 2 });
    expect(await hub.resolve()).toBe(snapshot());
    rmSync(join(cacheDirectory, 'models--org--tiny'), { recursive: true });
    let silent = 1;
    const stalling: typeof fetch = (input, init) => {
      if (!String(input).includes('model.safetensors') || silent-- <= 0) return fetch(input, init);
      return new Promise((_, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    };
    expect(await hub.resolve({ fetch: stalling, stallTimeout: 100 })).toBe(snapshot());
  });

  test('refuses content with another hash and starts it over', async () => {
    const wrong = await start({ announcedSha256: 'a'.repeat(64) });
    expect(await messageOf(wrong.resolve())).toMatch(/model.safetensors: what arrived is damaged/);
    expect(await blobs()).toHaveLength(3);
    await wrong.close();
    expect(await (await start()).resolve()).toBe(snapshot());
  });

  test('sends the token to the hub alone and never shows it', async () => {
    const token = 'hf_secret';
    const hub = await start({ token });
    expect(await messageOf(hub.resolve())).toMatch(/denies access \(401\): .*HF_TOKEN has to be set/);
    const denied = await messageOf(hub.resolve({ token: 'hf_wrong' }));
    expect(denied).toMatch(/the token may not read it/);
    expect(denied).not.toContain('hf_wrong');
    hub.seen.length = 0;
    vi.stubEnv('HF_TOKEN', token);
    vi.stubEnv('HF_ENDPOINT', `${hub.endpoint}/`);
    vi.stubEnv('HF_HUB_CACHE', cacheDirectory);
    expect(await resolveModel({ model: 'org/tiny' })).toBe(snapshot());
    const sent = (host: string) => new Set(hub.seen.filter((one) => one.host === host).map((one) => one.authorization));
    expect(sent('hub')).toEqual(new Set([`Bearer ${token}`]));
    expect(sent('storage')).toEqual(new Set([undefined]));
  });

  test('without a network or permission to use it, the cache has to do', async () => {
    const offline = { model: 'org/tiny', cacheDirectory };
    expect(await messageOf(resolveModel({ ...offline, endpoint: nobody }))).toMatch(
      /127.0.0.1:9\/org\/tiny cannot be reached, and org\/tiny at main is not in the cache; give the path of a folder/,
    );
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await messageOf(resolveModel(offline))).toContain(join(cacheDirectory, 'models--org--tiny'));
    vi.stubEnv('HF_HUB_OFFLINE', '0');
    await (await start()).resolve();
    expect(await resolveModel({ ...offline, endpoint: nobody })).toBe(snapshot());
    expect(await resolveModel({ ...offline, offline: true })).toBe(snapshot());
    rmSync(join(snapshot(), 'model.safetensors'));
    expect(await messageOf(resolveModel({ ...offline, offline: true }))).toMatch(/is not in the cache/);
  });

  test('says what the hub does not have', async () => {
    const hub = await start();
    expect(await messageOf(hub.resolve({ model: 'org/other' }))).toMatch(
      /no such model, revision or file on the hub \(404\)/,
    );
    expect(await messageOf(hub.resolve({ model: 'org/tiny@v2' }))).toMatch(/404/);
    await hub.close();
    const bare = await start({ files: { 'config.json': Buffer.from('{}'), 'pytorch_model.bin': weights } });
    expect(await messageOf(bare.resolve())).toMatch(/has no weights in safetensors files/);
    expect(bare.seen.filter(({ url }) => url.includes('/resolve/'))).toEqual([]);
  });

  test('stops when it is told to', async () => {
    const hub = await start();
    const controller = new AbortController();
    const reason = new Error('enough');
    const resolving = hub.resolve({ signal: controller.signal, onProgress: () => controller.abort(reason) });
    await expect(resolving).rejects.toBe(reason);
    expect(existsSync(join(snapshot(), 'model.safetensors'))).toBe(false);
  });
});

test('without the library it says how to install it', async () => {
  const missing = importHub('org/tiny', () => Promise.reject(new Error('no such package')));
  expect(await messageOf(missing)).toMatch(/npm install @huggingface\/hub/);
});

describe('names', () => {
  test.each([
    ['org/name', { repository: 'org/name', revision: 'main' }],
    ['HuggingFaceTB/SmolLM2-135M@v1.0', { repository: 'HuggingFaceTB/SmolLM2-135M', revision: 'v1.0' }],
    ['a/b_c@refs/pr/1', { repository: 'a/b_c', revision: 'refs/pr/1' }],
  ])('%s', (name, parsed) => {
    expect(parseModelName(name)).toEqual(parsed);
  });

  test.each([
    '',
    'gpt2',
    'a/b/c',
    '../b',
    'a/..',
    'a/b@',
    'a/b@..',
    'a/b@x/../y',
    '/a/b',
    'a\\b/c',
    './a',
    'a--b/c',
    'a/b@/x',
    'a/b@-x',
  ])('%j is none', (name) => {
    expect(() => parseModelName(name)).toThrow(/is neither a folder or file that exists nor a name on the hub/);
  });

  propertyTest.prop([fc.string({ unit: fc.constantFrom('a', '.', '/', '@', '-', '\\', '~', '\0') })])(
    'none leaves the cache',
    (name) => {
      let parsed: ReturnType<typeof parseModelName>;
      try {
        parsed = parseModelName(name);
      } catch {
        return;
      }
      const parts = [...parsed.repository.split('/'), ...parsed.revision.split('/')];
      for (const part of parts) expect(part).toMatch(/^[a-z0-9][\w.-]*$/i);
      expect(parts.join('/')).not.toContain('..');
    },
  );
});

test('the cache is where Python has it', () => {
  expect(defaultCacheDirectory({ HF_HUB_CACHE: '/c', HF_HOME: '/h' })).toBe('/c');
  expect(defaultCacheDirectory({ HF_HOME: '/h', XDG_CACHE_HOME: '/x' })).toBe(join('/h', 'hub'));
  expect(defaultCacheDirectory({ HF_HOME: '', XDG_CACHE_HOME: '/x' })).toBe(join('/x', 'huggingface', 'hub'));
  expect(defaultCacheDirectory({})).toMatch(/\.cache[\\/]huggingface[\\/]hub$/);
});

test('a folder made by hand serves offline', async () => {
  mkdirSync(join(snapshot(), '..', '..', 'refs'), { recursive: true });
  mkdirSync(snapshot(), { recursive: true });
  writeFileSync(join(snapshot(), '..', '..', 'refs', 'main'), `${commit}\n`);
  for (const [name, content] of Object.entries(needed)) writeFileSync(join(snapshot(), name), content);
  expect(await resolveModel({ model: 'org/tiny', cacheDirectory, offline: true })).toBe(snapshot());
});
