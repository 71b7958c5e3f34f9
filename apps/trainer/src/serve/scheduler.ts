import type { SampleRequest, SampleResult, Sampler } from '@dgpo/lm';
import { ApiError } from './api-error.js';

export interface SchedulerOptions {
  sampler: Pick<Sampler, 'generate'>;
  /** Sequences sampled side by side; the sampler has as many slots. */
  maxBatch: number;
  /** Sequences that may wait beyond those. */
  maxQueue: number;
}

type Request = Omit<SampleRequest, 'id' | 'aborted'>;

/** One model, many requests. */
export interface Scheduler {
  /**
   * Makes room for sequences, for all or none. To be given back with `leave`.
   *
   * @throws {ApiError} 429 when the queue is full, 400 when it never has that room, 503 after `close`
   */
  enter(sequences: number): { leave: () => void };
  /**
   * Samples in a batch with whatever else is sampled; rejects with the signal's reason once it is aborted. What is
   * cached of it stays until its place is needed, so that a longer conversation continues from there.
   */
  sample(request: Request, signal: AbortSignal): Promise<SampleResult>;
  /** Other work with the model, one piece at a time. */
  alone<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
  /** Lets nobody in any more; resolves when all have left. */
  close(): Promise<void>;
}

/** Bounds what reaches the sampler, which batches by itself: a request takes the place of one that is done at once. */
export function createScheduler({ sampler, maxBatch, maxQueue }: SchedulerOptions): Scheduler {
  let inside = 0;
  let count = 0;
  let last: Promise<unknown> = Promise.resolve();
  let whenEmpty: (() => void) | undefined;
  let closed = false;
  return {
    enter: (sequences) => {
      if (closed) throw new ApiError(503, 'the server is shutting down', { code: 'shutting_down' });
      if (sequences > maxBatch + maxQueue) {
        throw new ApiError(
          400,
          `${sequences} sequences at once are more than the ${maxBatch + maxQueue} of this server`,
        );
      }
      if (inside + sequences > maxBatch + maxQueue) {
        const waiting = Math.max(0, inside - maxBatch);
        throw new ApiError(
          429,
          `${waiting} sequences wait already, and no more than ${maxQueue} may; try again later`,
          { code: 'queue_full', headers: { 'Retry-After': '1' } },
        );
      }
      inside += sequences;
      let entered = true;
      return {
        leave: () => {
          if (!entered) return;
          entered = false;
          inside -= sequences;
          if (inside === 0) whenEmpty?.();
        },
      };
    },
    sample: async (request, signal) => {
      signal.throwIfAborted();
      const id = `request-${count++}`;
      const [result] = await sampler.generate([{ ...request, id, aborted: () => signal.aborted }]);
      signal.throwIfAborted();
      return result as SampleResult;
    },
    alone: (work, signal) => {
      const result = last.then(() => {
        signal.throwIfAborted();
        return work();
      });
      last = result.catch(() => undefined);
      return result;
    },
    close: () => {
      closed = true;
      return new Promise((resolve) => {
        whenEmpty = resolve;
        if (inside === 0) resolve();
      });
    },
  };
}
