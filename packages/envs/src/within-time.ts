/**
 * Waits for work for at most so many milliseconds, also for work that ignores its signal.
 * @throws the work's own error, one that says it took too long, and the signal's reason when it is aborted.
 */
export async function withinTime<T>(options: {
  timeout: number;
  signal: AbortSignal | undefined;
  work: (signal: AbortSignal) => Promise<T>;
}): Promise<T> {
  const { timeout, signal, work } = options;
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  // The race also ends the wait for work that ignores its signal.
  const interrupted = new Promise<never>((_, reject) => {
    const interrupt = (reason: unknown) => {
      reject(reason);
      controller.abort(reason);
    };
    timer = setTimeout(() => interrupt(new Error(`no answer within ${timeout} ms`)), timeout);
    onAbort = () => interrupt(signal?.reason);
    signal?.addEventListener('abort', onAbort);
  });
  try {
    signal?.throwIfAborted();
    return await Promise.race([work(controller.signal), interrupted]);
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }
}
