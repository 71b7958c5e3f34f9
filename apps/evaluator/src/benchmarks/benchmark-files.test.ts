import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, DatasetError } from '@dgpo/trajectory';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { downloadBenchmark, findBenchmark } from './benchmark-files.js';
import { openBenchmarks } from './open-benchmarks.js';

const rows = [0, 1, 2].map((index) => ({ id: `test_${index}`, question: `q${index}?`, golden_answers: [`a${index}`] }));
const file = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const seen: string[] = [];
let hang = false;

/** The hub's listing and files, in this process. */
const server = createServer((request, response) => {
  const url = request.url ?? '';
  seen.push(url);
  if (hang) return;
  if (url === '/api/datasets/RUC-NLPIR/FlashRAG_datasets/tree/main?recursive=true') {
    const listed = ['nq/train.jsonl', 'nq/test.jsonl', 'README.md'].map((path) => ({
      ...{ type: 'file', path },
      size: Buffer.byteLength(file),
    }));
    response.end(JSON.stringify(listed));
  } else if (url === '/datasets/RUC-NLPIR/FlashRAG_datasets/resolve/main/nq/test.jsonl') {
    response.end(file);
  } else {
    response.writeHead(404).end();
  }
});
let endpoint = '';
let cache = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'dgpo-hub-'));
  seen.length = 0;
  hang = false;
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

test('downloads the one file of a benchmark, once', async () => {
  const hub = { cache, endpoint };
  const [benchmark, ...others] = await openBenchmarks({ benchmarks: ['nq'], hub });
  expect(others).toEqual([]);
  expect(benchmark).toMatchObject({ name: 'nq', kind: 'question-answering' });
  // The last one too.
  expect(benchmark?.tasks.map(({ id }) => id)).toEqual(['test_0', 'test_1', 'test_2']);
  expect(seen.filter((url) => !url.startsWith('/api/'))).toEqual([
    '/datasets/RUC-NLPIR/FlashRAG_datasets/resolve/main/nq/test.jsonl',
  ]);
  const before = seen.length;
  expect((await openBenchmarks({ benchmarks: ['nq'], hub, limit: 2 }))[0]?.tasks).toHaveLength(2);
  expect(seen).toHaveLength(before);
});

test('what is not there, too large, or does not answer is one error that says what else to do', async () => {
  const advice = /get the file of \w+ elsewhere and name it or its folder with --data/;
  const get = (name: 'nq' | 'popqa', more: object) => downloadBenchmark(name, { cache, endpoint, retries: 0, ...more });
  await expect(get('popqa', {})).rejects.toThrow(/has no file popqa\/test\.jsonl/);
  await expect(get('nq', { name: 'search-r1' })).rejects.toThrow(/no such repository, revision or file \(404\)/);
  await expect(get('nq', { maxBytes: 20 })).rejects.toThrow(/more than the 20 B allowed here/);
  await expect(get('nq', { maxBytes: 20 })).rejects.toThrow(advice);
  hang = true;
  await expect(get('nq', { timeout: 50 })).rejects.toThrow(/cannot be reached/);
  await expect(get('nq', { timeout: 50 })).rejects.toThrow(advice);
  await expect(get('nq', { timeout: 50 })).rejects.toBeInstanceOf(DatasetError);
  const offline = get('nq', { endpoint: 'http://127.0.0.1:1' });
  await expect(offline).rejects.toThrow(/cannot be reached; is there a network\? .*--data/);
  expect(readdirSync(cache)).toEqual([]);
});

test('finds benchmarks below a folder, as FlashRAG or Search-R1 lay it out', async () => {
  mkdirSync(join(cache, 'hotpotqa'));
  for (const path of ['hotpotqa/dev.jsonl', 'nq.jsonl', 'test.parquet']) writeFileSync(join(cache, path), file);
  expect(await findBenchmark('hotpotqa', cache)).toBe(join(cache, 'hotpotqa/dev.jsonl'));
  expect(await findBenchmark('nq', cache)).toBe(join(cache, 'nq.jsonl'));
  expect(await findBenchmark('musique', cache)).toBe(join(cache, 'test.parquet'));
  expect(await findBenchmark('popqa', join(cache, 'nq.jsonl'))).toBe(join(cache, 'nq.jsonl'));
  await expect(findBenchmark('nq', join(cache, 'none'))).rejects.toThrow(ConfigError);
  await expect(findBenchmark('aime', cache)).rejects.toThrow(/aime is read from its file alone/);
  rmSync(join(cache, 'test.parquet'));
  await expect(findBenchmark('popqa', cache)).rejects.toThrow(
    /has no file of popqa; expected one of popqa\/test\.jsonl/,
  );
});

test('several of one file, which says of each row what it is', async () => {
  const mixed = ['nq', 'popqa', 'nq'].map((data_source, index) => ({ ...rows[index], data_source }));
  writeFileSync(join(cache, 'all.jsonl'), mixed.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const found = await openBenchmarks({ benchmarks: ['popqa', 'nq'], data: join(cache, 'all.jsonl') });
  expect(found.map(({ name, tasks }) => [name, tasks.length])).toEqual([
    ['nq', 2],
    ['popqa', 1],
  ]);
});
