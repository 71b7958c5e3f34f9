import { parentPort, workerData } from 'node:worker_threads';
import { type EngineName, selectEngine } from '@dgpo/lm';
import { isDgpoError } from '@dgpo/trajectory';
import { createJobContext, type Job, runJob } from './compute/jobs.js';

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const { engine, workers } = workerData as { engine: EngineName; workers: number };
const context = createJobContext();
// Messages wait in the port until the engine is ready, and are answered one after the other.
let last: Promise<unknown> = selectEngine({ engine, workers });

port.on('message', ({ id, job }: { id: number; job: Job }) => {
  last = last.then(async () => {
    try {
      port.postMessage({ id, result: await runJob(context, job) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage({ id, error: { message, ...(isDgpoError(error) ? { code: error.code } : {}) } });
    }
  });
});
