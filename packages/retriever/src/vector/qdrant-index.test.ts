import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { vectorIndexCases } from '../testing/index.js';
import { type PlayedQdrant, playQdrant } from '../testing/play-qdrant.js';
import { connectQdrant } from './qdrant-client.js';
import { createQdrantIndex, openQdrantIndex } from './qdrant-index.js';

let directory: string;
let played: PlayedQdrant;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-qdrant-'));
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  played = await playQdrant();
});
afterEach(() => played.close());

let made = 0;
const place = () => ({ url: played.url, collection: `c${made++}`, retries: 1, backoff: 1, timeout: 5_000 });
const vectors = [Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(0.5, 0.5)];

describe('the Qdrant index', () => {
  const cases = vectorIndexCases({
    create: (options) => createQdrantIndex({ ...options, ...place() }),
    open: openQdrantIndex,
  });
  for (const { name, run } of cases) it(name, run);

  it('makes the collection it was asked for and names no key in its files', async () => {
    const environment = { QDRANT_KEY: 'secret-key' };
    const options = { ...place(), collection: 'wiki', apiKeyEnv: 'QDRANT_KEY', environment };
    const index = await createQdrantIndex({ dimension: 2, ...options, onDisk: true, quantization: 'int8' });
    expect(played.collections.get('wiki')?.body).toEqual({
      vectors: { size: 2, distance: 'Dot', on_disk: true },
      quantization_config: { scalar: { type: 'int8', always_ram: true } },
    });
    expect(index.settings).toEqual({ onDisk: true, quantization: 'int8', exact: false, efSearch: null });
    await index.add({ vectors });
    await index.delete({ indices: [2] });
    await index.save(directory);
    const text = await readFile(join(directory, 'qdrant.json'), 'utf8');
    expect(JSON.parse(text)).toEqual({
      url: played.url,
      collection: 'wiki',
      apiKeyEnv: 'QDRANT_KEY',
      length: 3,
    });
    const opened = await openQdrantIndex({ directory, dimension: 2, settings: index.settings, environment });
    expect([opened.size, opened.length]).toEqual([2, 3]);
    expect(new Set(played.requests.map(({ key }) => key))).toEqual(new Set(['secret-key']));

    await expect(openQdrantIndex({ directory, dimension: 2, environment: {} })).rejects.toThrow(
      /QDRANT_KEY is not set/,
    );
    await writeFile(join(directory, 'qdrant.json'), text.replace('QDRANT_KEY', 'AWS_SECRET'));
    const foreign = { directory, dimension: 2, environment: { AWS_SECRET: 'mine' } };
    await expect(openQdrantIndex(foreign)).rejects.toThrow(/wants the key in AWS_SECRET; confirm/);
    expect(played.requests.some(({ key }) => key === 'mine')).toBe(false);
  });

  it('sends few large requests and gives no index twice', async () => {
    const options = place();
    const index = await createQdrantIndex({ dimension: 2, ...options });
    await index.add({ vectors: Array.from({ length: 2_500 }, (_, row) => Float32Array.of(row, 1)) });
    expect(played.requests.filter(({ method, path }) => method === 'PUT' && path.endsWith('/points'))).toHaveLength(3);
    await index.save(directory);
    await index.add({ vectors });
    const opened = await openQdrantIndex({ directory, dimension: 2 });
    expect([opened.size, opened.length]).toEqual([2_503, 2_503]);
    const [matches] = await opened.search({ vectors: [Float32Array.of(1, 0)], topK: 1 });
    expect(matches).toEqual([{ index: 2_499, score: 2_499 }]);
  });

  it('takes an empty collection, refuses a full one and one of another shape', async () => {
    const options = place();
    await createQdrantIndex({ dimension: 2, ...options });
    const index = await createQdrantIndex({ dimension: 2, ...options });
    await expect(createQdrantIndex({ dimension: 3, ...options })).rejects.toThrow(
      /of 2 numbers by Dot, not of 3 by Dot/,
    );
    await index.add({ vectors });
    await expect(createQdrantIndex({ dimension: 2, ...options })).rejects.toThrow(/holds 3 points already/);
    await index.save(directory);
    played.collections.clear();
    await expect(openQdrantIndex({ directory, dimension: 2 })).rejects.toThrow(/no such collection/);
  });

  it('tries again what may pass, and says what does not', async () => {
    const options = place();
    const index = await createQdrantIndex({ dimension: 2, ...options });
    const faults = [{ status: 503 }, undefined, { drop: true }, undefined, { body: '{"result"' }, undefined];
    played.fault = () => faults.shift();
    await index.add({ vectors });
    await index.delete({ indices: [0] });
    expect(await index.search({ vectors: [Float32Array.of(0, 1)], topK: 1 })).toEqual([[{ index: 1, score: 1 }]]);
    expect(index.size).toBe(2);

    played.fault = () => ({ status: 500 });
    await expect(index.search({ vectors: vectors.slice(0, 1), topK: 1 })).rejects.toMatchObject({
      code: 'RETRIEVER_ERROR',
      message: expect.stringMatching(/cannot search \(status 500: Service internal error: played\) after 2 attempts/),
    });
    played.fault = () => ({ status: 403 });
    const before = played.requests.length;
    await expect(index.add({ vectors })).rejects.toThrow(/cannot add vectors \(status 403/);
    expect(played.requests.length - before).toBe(1);
    expect(index.length).toBe(3);
    played.fault = () => ({ body: '{"result": {"points": [{"id": "x", "score": 1}]}}' });
    await expect(index.search({ vectors, topK: 1 })).rejects.toThrow(/not an answer of Qdrant \(points\.0\.id/);
  });

  it('does not wait for ever', async () => {
    const options = { ...place(), timeout: 50 };
    const index = await createQdrantIndex({ dimension: 2, ...options });
    await index.add({ vectors });
    played.fault = () => ({ delay: 60_000 });
    await expect(index.search({ vectors: vectors.slice(0, 1), topK: 1 })).rejects.toThrow(
      /no answer within 50 ms\) after 2 attempts/,
    );
  });

  it('says when nobody is there', async () => {
    const { url } = played;
    await played.close();
    await expect(createQdrantIndex({ dimension: 2, url, collection: 'x', retries: 0 })).rejects.toMatchObject({
      code: 'RETRIEVER_ERROR',
      message: expect.stringMatching(/ECONNREFUSED.*after one attempt/),
    });
    played = await playQdrant();
  });

  it.each([
    [{ url: 'localhost' }, /not a URL|begins with http/],
    [{ url: 'ftp://x' }, /begins with http/],
    [{ url: 'http://a:b@localhost' }, /no password/],
    [{ collection: 'a/b' }, /no slashes/],
    [{ timeout: 0 }, /timeout must be/],
    [{ efSearch: 0 }, /efSearch/],
    [{ apiKeyEnv: 'ABSENT_KEY', environment: {} }, /ABSENT_KEY is not set/],
  ])('refuses %j', async (change, message) => {
    await expect(createQdrantIndex({ dimension: 2, ...place(), ...change })).rejects.toMatchObject({
      code: 'CONFIG_ERROR',
      message: expect.stringMatching(message),
    });
    expect(played.requests).toEqual([]);
  });

  it('names the package when it is not installed, and reads ports and paths of a URL', async () => {
    const load = () => Promise.reject(new Error('absent'));
    await expect(connectQdrant({ ...place(), load })).rejects.toThrow(/npm install @qdrant\/js-client-rest/);
    const seen: Record<string, unknown>[] = [];
    const note = (options: Record<string, unknown>) => seen.push(options);
    class QdrantClient {
      constructor(options: Record<string, unknown>) {
        note(options);
      }
    }
    for (const url of ['https://host', 'https://host:443/base/', 'http://[::1]:7000']) {
      await connectQdrant({ url, collection: 'x', load: async () => ({ QdrantClient: QdrantClient as never }) });
    }
    expect(seen).toMatchObject([
      { url: 'https://host', port: 6333 },
      { url: 'https://host', port: 443, prefix: '/base' },
      { url: 'http://[::1]:7000', port: 7000 },
    ]);
  });
});
