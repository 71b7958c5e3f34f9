/** Searches our flat index in a process of its own; see flat.ts. Prints one JSON object. */
import { createFlatIndex } from '@dgpo/retriever';
import type { FlatCase, FlatFigures } from './flat-case.js';
import { measureRecall, readRows } from './read-rows.js';

const { precision, dimension, topK, repeats, batches, ...paths } = JSON.parse(process.argv[2] ?? '') as FlatCase;
const vectors = await readRows(paths.vectors, dimension);
const queries = (await readRows(paths.queries, dimension)).slice(0, 256);
const before = process.memoryUsage.rss();
const index = createFlatIndex({ dimension, precision });
await index.add({ vectors });
const memoryBytes = process.memoryUsage.rss() - before;
const recall = await measureRecall(paths.truth, topK, await index.search({ vectors: queries, topK }));
const points: FlatFigures['points'] = [];
for (const batch of batches) {
  const some = queries.slice(0, Math.max(batch, 32));
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const started = performance.now();
    for (let start = 0; start < some.length; start += batch) {
      await index.search({ vectors: some.slice(start, start + batch), topK });
    }
    best = Math.min(best, performance.now() - started);
  }
  points.push({ batch, queriesPerSecond: (1000 * some.length) / best });
}
console.log(JSON.stringify({ recall, memoryBytes, points } satisfies FlatFigures));
