import { parentPort, workerData } from 'node:worker_threads';
import { type EngineName, selectEngine } from '@dgpo/lm';
import { isDgpoError } from '@dgpo/trajectory';
import { closeKept, createJobContext, type Job, runJob } from './compute/jobs.js';

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const { engine, workers } = workerData as { engine: EngineName; workers: number };
const context = createJobContext();
// Messages wait in the port until the engine is ready, and are answered one after the other.
let last: Promise<unknown> = selectEngine({ engine, workers });

/** Gradients are moved, not copied: they are as large as the model. */
function gradientBuffers(result: unknown): ArrayBuffer[] {
  const gradients: unknown = typeof result === 'object' && result !== null && Reflect.get(result, 'gradients');
  return gradients instanceof Float32Array && gradients.buffer instanceof ArrayBuffer ? [gradients.buffer] : [];
}

/** Without waiting for the job in hand: what it opened, such as processes of its own, must not outlive the thread. */
async function end(): Promise<never> {
  await closeKept(context).catch(() => undefined);
  process.exit();
}

port.on('message', (message: { id: number; job: Job } | 'end') => {
  if (message === 'end') {
    void end();
    return;
  }
  const { id, job } = message;
  last = last.then(async () => {
    try {
      const result = await runJob(context, job);
      port.postMessage({ id, result }, gradientBuffers(result));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage({ id, error: { message, ...(isDgpoError(error) ? { code: error.code } : {}) } });
    }
  });
});
