/** Lets only so many pieces of work run at once; the others wait in order. */
export interface Slots {
  /** Runs the work when there is room. @throws the signal's reason when it is aborted before that; whatever the work throws. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting = new Set<() => void>();

  const take = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve, reject) => {
      const start = () => {
        waiting.delete(start);
        signal?.removeEventListener('abort', leave);
        free -= 1;
        resolve();
      };
      const leave = () => {
        waiting.delete(start);
        reject(signal?.reason);
      };
      if (free > 0) return start();
      waiting.add(start);
      signal?.addEventListener('abort', leave, { once: true });
    });

  return {
    async run(work, signal) {
      signal?.throwIfAborted();
      await take(signal);
      try {
        return await work();
      } finally {
        free += 1;
        const [next] = waiting;
        next?.();
      }
    },
  };
}
