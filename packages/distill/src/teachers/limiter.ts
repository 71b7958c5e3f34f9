/** Runs only so many pieces of work at once; the others wait in order, or leave when their signal is aborted. */
export type Limiter = <Result>(work: () => Promise<Result>, signal: AbortSignal) => Promise<Result>;

export function createLimiter(count: number): Limiter {
  let free = count;
  const waiting = new Set<() => void>();
  const enter = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const start = () => {
        waiting.delete(start);
        signal.removeEventListener('abort', leave);
        free -= 1;
        resolve();
      };
      const leave = () => {
        waiting.delete(start);
        reject(signal.reason);
      };
      if (free > 0) return start();
      waiting.add(start);
      signal.addEventListener('abort', leave, { once: true });
    });
  return async (work, signal) => {
    signal.throwIfAborted();
    await enter(signal);
    try {
      return await work();
    } finally {
      free += 1;
      const [next] = waiting;
      next?.();
    }
  };
}
