import type { Sampler, SampleRequest, SampleResult } from '@dgpo/lm';
import { ApiError } from './api-error.js';

export interface SchedulerOptions {
  sampler: Pick<Sampler, 'generate' | 'release'>;
  /** Sequences sampled side by side. */
  maxBatch: number;
  /** Sequences that may wait. */
  maxQueue: number;
  /** How long an idle scheduler waits for company of the first request, in milliseconds. @default 5 */
  gatherTime?: number;
}

export interface Submission<Score> {
  requests: readonly Omit<SampleRequest, 'id' | 'aborted'>[];
  /** Work with the model that comes before the requests, such as scoring their prompts. */
  before?: () => Promise<Score>;
  /** Calls everything off, whether it waits or runs. */
  signal: AbortSignal;
}

/** One model, many requests. */
export interface Scheduler {
  /**
   * Puts requests in the queue, all or none.
   *
   * @returns what `before` gives, and the results; both reject with the signal's reason once it is aborted
   * @throws {ApiError} 429 when the queue is full, 503 after `close`
   */
  submit<Score>(submission: Submission<Score>): { before: Promise<Score | undefined>; results: Promise<SampleResult>[] };
  /** Takes no more; resolves when what was taken is done. */
  close(): Promise<void>;
}

interface Entry {
  /** Undefined for work that runs alone. */
  request?: SampleRequest;
  signal: AbortSignal;
  work?: () => Promise<void>;
  settle: (result: SampleResult) => void;
  reject: (error: unknown) => void;
}

/**
 * The loop between requests and the sampler: what waits is sampled in batches, first come, first served; work that runs alone has
 * its place in the same queue, so that the model does one thing at a time.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { sampler, maxBatch, maxQueue, gatherTime = 5 } = options;
  const waiting: Entry[] = [];
  let count = 0;
  let closed = false;
  let running: Promise<void> | undefined;

  const nextBatch = (): Entry[] => {
    let size = 0;
    while (size < maxBatch && waiting[size]?.request !== undefined) size += 1;
    return waiting.splice(0, Math.max(1, size));
  };

  const runBatch = async (batch: Entry[]) => {
    const requests = batch.flatMap((entry) => entry.request ?? []);
    try {
      if (requests.length > 0) await sampler.generate(requests);
      else await batch[0]?.work?.();
    } catch (error) {
      for (const entry of batch) entry.reject(error);
    } finally {
      sampler.release(requests.map((request) => request.id));
    }
  };

  const run = async () => {
    await new Promise((resolve) => setTimeout(resolve, gatherTime));
    while (waiting.length > 0) await runBatch(nextBatch());
    running = undefined;
  };

  /** An entry in the queue and the promise of its result. */
  const enqueue = (signal: AbortSignal, fill: (entry: Entry) => void): Promise<SampleResult> => {
    const promise = new Promise<SampleResult>((settle, reject) => {
      const entry: Entry = { signal, settle, reject };
      fill(entry);
      waiting.push(entry);
      const leave = () => {
        const place = waiting.indexOf(entry);
        if (place >= 0) waiting.splice(place, 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
    });
    // Whoever asked sees the failure; nobody need look at each of many promises.
    promise.catch(() => undefined);
    return promise;
  };

  return {
    submit: <Score>({ requests, before, signal }: Submission<Score>) => {
      if (closed) throw new ApiError(503, 'the server is shutting down', { code: 'shutting_down' });
      const size = requests.length + (before === undefined ? 0 : 1);
      if (waiting.length + size > maxQueue) {
        throw new ApiError(429, `${waiting.length} sequences are waiting, of ${maxQueue} at most; try again later`, {
          code: 'queue_full',
          headers: { 'Retry-After': '1' },
        });
      }
      let score: Score | undefined;
      const scored =
        before === undefined
          ? Promise.resolve()
          : enqueue(signal, (entry) => {
              entry.work = async () => {
                score = await before();
                entry.settle({ tokenIds: [], logProbs: [], text: '', finishReason: 'length' });
              };
            });
      const results = requests.map((request) =>
        enqueue(signal, (entry) => {
          entry.request = {
            ...request,
            id: `request-${count++}`,
            aborted: () => signal.aborted,
            onFinish: (result) => {
              request.onFinish?.(result);
              entry.settle(result);
            },
          };
        }),
      );
      running ??= run();
      const settled = scored.then(() => score);
      settled.catch(() => undefined);
      return { before: settled, results };
    },
    close: async () => {
      closed = true;
      await running;
    },
  };
}
