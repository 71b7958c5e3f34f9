/** Writes or searches our BM25 index in a process of its own; see bm25.ts. Prints one JSON object. */
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createBm25Writer, type Match, openBm25 } from '@dgpo/retriever';
import type { Bm25Case, Bm25Indexing, Bm25Search } from './bm25-case.js';

const settings = JSON.parse(process.argv[2] ?? '') as Bm25Case;
const { k1, b, topK } = settings;

async function index(): Promise<Bm25Indexing> {
  await mkdir(settings.index, { recursive: true });
  const started = performance.now();
  const cpu = process.cpuUsage();
  const writer = createBm25Writer({ directory: settings.index, k1, b });
  let passages = 0;
  for await (const contents of createInterface({ input: createReadStream(settings.corpus), crlfDelay: Infinity })) {
    writer.add({ contents });
    passages++;
  }
  await writer.finish();
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  const names = await readdir(settings.index);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(settings.index, name))).size));
  return {
    passages,
    passagesPerSecond: passages / seconds,
    passagesPerCpuSecond: (1e6 * passages) / (used.user + used.system),
    peakBytes: process.resourceUsage().maxRSS * 1024,
    diskBytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}

async function search(): Promise<Bm25Search> {
  if (settings.engine !== 'memory' && settings.engine !== 'disk') throw new Error(`not ours: ${settings.engine}`);
  const queries = (await readFile(settings.queries, 'utf8')).trimEnd().split('\n');
  const before = process.memoryUsage.rss();
  const opened = performance.now();
  const lexical = await openBm25({ directory: settings.index, residence: settings.engine });
  const openSeconds = (performance.now() - opened) / 1000;
  let matches: Match[][] = await lexical.search({ queries, topK });
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < settings.repeats; repeat++) {
    const started = performance.now();
    matches = await lexical.search({ queries, topK });
    best = Math.min(best, performance.now() - started);
  }
  const memoryBytes = process.memoryUsage.rss() - before;
  const scores = new Float32Array(queries.length * topK);
  for (const [row, found] of matches.entries())
    scores.set(
      found.map(({ score }) => score),
      row * topK,
    );
  await writeFile(settings.scores, scores);
  await lexical.close();
  return { openSeconds, memoryBytes, queriesPerSecond: (1000 * queries.length) / best };
}

console.log(JSON.stringify(await (settings.mode === 'index' ? index() : search())));
