import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type EngineName, selectEngine } from '@dgpo/lm';
import { DgpoError, type DgpoErrorCode, ModelError } from '@dgpo/trajectory';
import { closeJobContext, createJobContext, type Job, type JobResult, runJob } from './jobs.js';

/** Runs jobs on all cores that the engine can use. Results come in the order of the jobs, whoever ran them. */
export interface ComputePool {
  /** How many jobs run at one time. */
  readonly parallel: number;
  /** What they run on; of pools made here. */
  readonly engine?: EngineName;
  run<J extends Job>(jobs: readonly J[]): Promise<JobResult<J>[]>;
  /** Runs one job in every worker: models and weights. */
  broadcast(job: Job): Promise<void>;
  close(): Promise<void>;
}

interface Reply {
  id: number;
  result?: unknown;
  error?: { message: string; code?: DgpoErrorCode };
}

interface Pending {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/** The engines with a heap and a device of their own stay in this thread: one job at a time. */
async function createLocalPool(engine: EngineName): Promise<ComputePool> {
  await selectEngine({ engine });
  const context = createJobContext();
  // As in a worker, each job waits for the one before: two at a time would take each other's slots of a sampler.
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  const schedule = <J extends Job>(job: J): Promise<JobResult<J>> => {
    const result = last.then(() => {
      if (closed) throw new ModelError('the pool is closed');
      return runJob(context, job);
    });
    last = result.catch(() => undefined);
    return result;
  };
  return {
    parallel: 1,
    engine,
    run: (jobs) => Promise.all(jobs.map(schedule)),
    broadcast: async (job) => {
      await schedule(job);
    },
    close: async () => {
      // After an interrupt, a job that nobody waits for may still be running.
      closed = true;
      await last;
      await closeJobContext(context);
    },
  };
}

/** Workers start from TypeScript when this file does (tests, development), else from the built file beside it. */
function startWorker(engine: EngineName, workers: number): Worker {
  const fromSource = import.meta.url.endsWith('.ts');
  const entry = new URL(fromSource ? '../worker.ts' : './worker.js', import.meta.url);
  if (!fromSource) return new Worker(entry, { workerData: { engine, workers } });
  const load = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}); });`;
  return new Worker(load, { eval: true, workerData: { engine, workers }, execArgv: ['--conditions=@dgpo/source'] });
}

/** How long a thread may take to close what it has opened; one in the middle of a pass answers only after it. */
const endTimeout = 10_000;

/** Lets a thread close what it has opened, and ends it. */
async function endWorker(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return;
  // One that has just broken says so to whoever waits for its jobs.
  const ended = once(worker, 'exit').catch(() => undefined);
  worker.ref();
  worker.postMessage('end');
  const timer = setTimeout(() => void worker.terminate(), endTimeout);
  await ended.finally(() => clearTimeout(timer));
}

function createWorkerPool(engine: EngineName, count: number, sharing: number): ComputePool {
  const workers = Array.from({ length: count }, () => {
    const worker = startWorker(engine, count * sharing);
    const pending = new Map<number, Pending>();
    const fail = (error: Error) => {
      for (const waiting of pending.values()) waiting.reject(error);
      pending.clear();
    };
    worker.on('message', ({ id, result, error }: Reply) => {
      const waiting = pending.get(id);
      pending.delete(id);
      if (pending.size === 0) worker.unref();
      if (error === undefined) waiting?.resolve(result as never);
      else
        waiting?.reject(error.code === undefined ? new Error(error.message) : new DgpoError(error.code, error.message));
    });
    worker.on('error', fail);
    worker.on('exit', (code) => {
      fail(
        new ModelError(
          `a worker ended with code ${code}; with too little memory, use fewer workers or smaller micro-batches`,
        ),
      );
    });
    worker.unref();
    return { worker, pending };
  });
  let nextId = 0;
  const send = <J extends Job>(index: number, job: J): Promise<JobResult<J>> => {
    const { worker, pending } = workers[index] as (typeof workers)[number];
    return new Promise((resolve, reject) => {
      const id = nextId++;
      pending.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, job });
    });
  };
  const idle = workers.map((_, index) => index);
  const waiting: ((index: number) => void)[] = [];
  const release = (index: number) => {
    const next = waiting.shift();
    if (next === undefined) idle.push(index);
    else next(index);
  };
  const schedule = async <J extends Job>(job: J): Promise<JobResult<J>> => {
    const index = idle.shift() ?? (await new Promise<number>((resolve) => waiting.push(resolve)));
    try {
      return await send(index, job);
    } finally {
      release(index);
    }
  };
  return {
    parallel: count,
    engine,
    run: (jobs) => Promise.all(jobs.map(schedule)),
    broadcast: async (job) => {
      await Promise.all(workers.map((_, index) => send(index, job)));
    },
    close: async () => {
      await Promise.all(workers.map(({ worker }) => endWorker(worker)));
    },
  };
}

/**
 * @param options.engine the engine of every worker
 * @param options.workers worker threads for `wasm` and `cpu`; 0 runs everything in this thread
 * @param options.sharing pools like this one that share the machine. @default 1
 */
export async function createComputePool(options: {
  engine: EngineName;
  workers: number;
  sharing?: number;
}): Promise<ComputePool> {
  const threads = options.engine === 'wasm' || options.engine === 'cpu' ? options.workers : 0;
  return threads === 0
    ? createLocalPool(options.engine)
    : createWorkerPool(options.engine, threads, options.sharing ?? 1);
}
