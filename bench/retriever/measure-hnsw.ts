/** Builds or searches our HNSW index in a process of its own; see hnsw.ts. Prints one JSON object. */
import { mkdir, readFile } from 'node:fs/promises';
import { createHnswIndex, openHnswIndex } from '@dgpo/retriever';
import type { HnswCase, HnswPoint } from './hnsw-case.js';

const settings = JSON.parse(process.argv[2] ?? '') as HnswCase;
const { dimension, size, topK, m, efConstruction } = settings;

async function readRows(path: string): Promise<Float32Array[]> {
  const bytes = await readFile(path);
  const block = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return Array.from({ length: block.length / dimension }, (_, row) =>
    block.subarray(row * dimension, (row + 1) * dimension),
  );
}

async function build() {
  const vectors = await readRows(settings.vectors);
  const wall = performance.now();
  const cpu = process.cpuUsage();
  const index = await createHnswIndex({ vectors, m, efConstruction });
  if (index.kind !== 'hnsw') throw new Error('hnswlib-node is not installed');
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
  const queries = await readRows(settings.queries);
  const truthBytes = await readFile(settings.truth);
  const truth = new Int32Array(truthBytes.buffer, truthBytes.byteOffset, truthBytes.length / 4);
  const before = process.memoryUsage.rss();
  const opened = performance.now();
  const index = await openHnswIndex({
    directory: settings.index,
    size,
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
    let hits = 0;
    for (const [row, matches] of found.entries()) {
      const expected = new Set(truth.subarray(row * topK, (row + 1) * topK));
      hits += matches.filter((match) => expected.has(match.index)).length;
    }
    points.push({ ef, recall: hits / truth.length, queriesPerSecond: (1000 * queries.length) / best });
  }
  return { openSeconds, memoryBytes, points };
}

console.log(JSON.stringify(await (settings.mode === 'build' ? build() : search())));
