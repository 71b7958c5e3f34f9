/**
 * Measures one case on one engine in this process and prints it as JSON: `node … measure-case.ts '{"engine":"wasm","item":{…}}'`.
 * One process for each, so that no case finds the heap of another.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type EngineName, hiddenStates, loadDecoder, selectEngine, tokenBatch } from '@dgpo/lm';
import { createComputePool } from '@dgpo/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { secondsOf } from '../measure.js';
import { createUpdate } from '../training.js';
import { type BenchCase, models } from './cases.js';
import { samplingRun } from './sampling-run.js';

interface Settings {
  engine: EngineName;
  item: BenchCase;
  /** Worker threads of the engine `wasm`. */
  workers: number;
  repeats: number;
}

async function loadSeconds({ engine, repeats }: Settings) {
  await selectEngine({ engine });
  const directory = fileURLToPath(new URL('../../.models/smollm2-135m', import.meta.url));
  const run = async () => {
    const { decoder, tokenizer } = await loadDecoder({ directory });
    const batch = tokenBatch({ sequences: [[tokenizer.endOfTextId]] });
    const hidden = tf.tidy(() => hiddenStates(decoder, batch));
    await hidden.data();
    tf.dispose(hidden);
    batch.dispose();
    decoder.dispose();
  };
  return secondsOf({ run, repeats });
}

async function trainingSeconds({ engine, workers, repeats }: Settings, item: Extract<BenchCase, { kind: 'training' }>) {
  // As in a run: the optimiser computes in this thread.
  await selectEngine({ engine, workers: Math.max(1, workers) });
  const pool = await createComputePool({ engine, workers });
  const settings = { config: models[item.model], rows: item.rows, tokensPerRow: item.tokensPerRow };
  const update = await createUpdate({ settings, pool });
  const seconds = await secondsOf({ run: update.run, warmUps: 1, repeats });
  await pool.close();
  return seconds;
}

/** The rows of a case on worker threads, as even as they divide; resolves when all are done. */
async function workersRun(item: Extract<BenchCase, { kind: 'sampling' }>, count: number) {
  const load = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(new URL('sampling-worker.ts', import.meta.url).href)}); });`;
  const next = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
    });
  let first = 0;
  const workers: Worker[] = [];
  for (let index = 0; index < count; index++) {
    const batch = Math.floor((item.batch + index) / count);
    const workerData = { item: { ...item, batch }, first, workers: count };
    workers.push(new Worker(load, { eval: true, workerData, execArgv: ['--conditions=@dgpo/source'] }));
    first += batch;
  }
  await Promise.all(workers.map(next));
  return {
    run: async () => {
      await Promise.all(
        workers.map((worker) => {
          const done = next(worker);
          worker.postMessage('run');
          return done;
        }),
      );
    },
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}

async function samplingSeconds(settings: Settings, item: Extract<BenchCase, { kind: 'sampling' }>) {
  const { engine, repeats } = settings;
  const workers = Math.min(settings.workers, item.batch);
  if (engine !== 'wasm' || workers < 2) {
    await selectEngine({ engine });
    return secondsOf({ run: samplingRun(item, 0), repeats });
  }
  const threads = await workersRun(item, workers);
  const seconds = await secondsOf({ run: threads.run, repeats });
  await threads.close();
  return seconds;
}

const settings = JSON.parse(process.argv[2] ?? '') as Settings;
const { item } = settings;
const secondsOfCase = () => {
  if (item.kind === 'load') return loadSeconds(settings);
  return item.kind === 'training' ? trainingSeconds(settings, item) : samplingSeconds(settings, item);
};
const seconds = await secondsOfCase();
const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ seconds, peakMemoryBytes }));
process.exit(0);
