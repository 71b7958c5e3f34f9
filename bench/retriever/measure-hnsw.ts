/** Builds or searches our HNSW index in a process of its own; see hnsw.ts. Prints one JSON object. */
import { mkdir } from 'node:fs/promises';
import { createHnswIndex, openHnswIndex } from '@dgpo/retriever';
import type { HnswCase, HnswPoint } from './hnsw-case.js';
import { measureRecall, readRows } from './read-rows.js';

const settings = JSON.parse(process.argv[2] ?? '') as HnswCase;
const { dimension, size, topK, m, efConstruction } = settings;

async function build() {
  const vectors = await readRows(settings.vectors, dimension);
  const wall = performance.now();
  const cpu = process.cpuUsage();
  const index = await createHnswIndex({ dimension, capacity: size, m, efConstruction });
  if (index.kind !== 'hnsw') throw new Error('hnswlib-node is not installed');
  await index.add({ vectors });
  const used = process.cpuUsage(cpu);
  const buildSeconds = (performance.now() - wall) / 1000;
  await mkdir(settings.index, { recursive: true });
  await index.save(settings.index);
  return {
    buildSeconds,
    buildCpuSeconds: (used.user + used.system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

async function search() {
  const queries = await readRows(settings.queries, dimension);
  const before = process.memoryUsage.rss();
  const opened = performance.now();
  const index = await openHnswIndex({
    directory: settings.index,
    dimension,
    settings: { m, efConstruction, efSearch: 64, seed: 100 },
  });
  const openSeconds = (performance.now() - opened) / 1000;
  const memoryBytes = process.memoryUsage.rss() - before;
  await index.search({ vectors: queries, topK });
  const points: HnswPoint[] = [];
  for (const ef of settings.efSearch) {
    let best = Number.POSITIVE_INFINITY;
    let found: { index: number }[][] = [];
    for (let repeat = 0; repeat < settings.repeats; repeat++) {
      const started = performance.now();
      found = await index.search({ vectors: queries, topK, efSearch: ef });
      best = Math.min(best, performance.now() - started);
    }
    const recall = await measureRecall(settings.truth, topK, found);
    points.push({ ef, recall, queriesPerSecond: (1000 * queries.length) / best });
  }
  return { openSeconds, memoryBytes, points };
}

console.log(JSON.stringify(await (settings.mode === 'build' ? build() : search())));
