import { RequestError } from './request-error.js';

type ServerStatus = 'loading' | 'failing' | 'ready' | 'closing';

export interface Readiness<Opened> {
  readonly status: ServerStatus;
  /** What was opened, undefined before. */
  readonly opened: Opened | undefined;
  /** @throws RequestError 503 while it is not open, and when the server closes. */
  require(): Opened;
  /** Opens and checks. Rejects with what went wrong. */
  whenReady(): Promise<void>;
  /** From now on the server is not ready and takes no more work. */
  close(): void;
}

/** Knows whether something that may still be opening is open and has worked once. A failed check is made anew when asked again. */
export function createReadiness<Opened>({
  opening,
  check,
  onFailure,
}: {
  opening: Opened | Promise<Opened>;
  /** A first use; rejects when it does not work. */
  check: (opened: Opened) => Promise<void>;
  /** Told once when opening fails. */
  onFailure: (error: unknown) => void;
}): Readiness<Opened> {
  let opened: Opened | undefined;
  let status: ServerStatus = 'loading';
  let checking: Promise<void> | undefined;
  const setStatus = (next: ServerStatus) => {
    if (status !== 'closing') status = next;
  };
  const opens =
    opening instanceof Promise
      ? opening.then((value) => {
          opened = value;
          return value;
        })
      : Promise.resolve(opening);
  if (!(opening instanceof Promise)) opened = opening;
  opens.catch((error: unknown) => {
    setStatus('failing');
    onFailure(error);
  });

  async function openAndCheck(): Promise<void> {
    const value = await opens;
    try {
      await check(value);
      setStatus('ready');
    } catch (error) {
      setStatus('failing');
      throw error;
    } finally {
      checking = undefined;
    }
  }

  return {
    get status() {
      return status;
    },
    get opened() {
      return opened;
    },
    require() {
      const headers = { 'Retry-After': '1' };
      if (status === 'closing') {
        throw new RequestError(503, 'the server is closing', { ...headers, Connection: 'close' });
      }
      if (opened !== undefined) return opened;
      const failed = status === 'failing';
      throw new RequestError(
        503,
        failed ? 'the index could not be opened; the log of the server says why' : 'the index is still loading',
        headers,
      );
    },
    whenReady() {
      if (status === 'ready') return Promise.resolve();
      checking ??= openAndCheck();
      return checking;
    },
    close() {
      status = 'closing';
    },
  };
}
