/**
 * Waits for work, but not past an interrupt: the work then goes on unattended, and what comes of it is ignored.
 *
 * @throws the signal's reason, as soon as it is aborted; whatever the work throws
 */
export async function untilAborted<Value>(
  start: () => Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return start();
  signal.throwIfAborted();
  return new Promise<Value>((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    start()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop));
  });
}
