/** Samples its rows of a case each time it is told to. */
import { parentPort, workerData } from 'node:worker_threads';
import { selectEngine } from '@dgpo/lm';
import type { BenchCase } from './cases.js';
import { samplingRun } from './sampling-run.js';

const { item, first, workers } = workerData as {
  item: Extract<BenchCase, { kind: 'sampling' }>;
  first: number;
  workers: number;
};
await selectEngine({ engine: 'wasm', workers });
const run = samplingRun(item, first);
parentPort?.on('message', async () => {
  await run();
  parentPort?.postMessage('done');
});
parentPort?.postMessage('ready');
