import { type Accessor, createEffect, createSignal, on, onCleanup } from 'solid-js';
import type { ApiErrorReply } from '../../src/viewer/api.js';

/** What the server replies, or an error whose message is for people. */
export async function fetchReply<T>(path: string, signal: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`api/${path}`, { signal, headers: { accept: 'application/json' } });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new Error('The viewer does not answer. Is dgpo-eval serve still running?', { cause });
  }
  if (response.ok) return (await response.json()) as T;
  const reply = (await response.json().catch(() => null)) as ApiErrorReply | null;
  throw new Error(reply?.error.message ?? `The viewer answered with status ${response.status}.`);
}

export interface Query<T> {
  /** The last reply for this path, also while a newer one is awaited. */
  data: Accessor<T | undefined>;
  error: Accessor<Error | undefined>;
  reload: () => void;
}

/**
 * Fetches a path of the API, anew whenever `version` changes: then the old reply stays until the new one is there. A path that changes
 * starts from nothing; null fetches nothing.
 */
export function createQuery<T>(path: Accessor<string | null>, version: Accessor<unknown> = () => 0): Query<T> {
  const [data, setData] = createSignal<T | undefined>(undefined, { equals: false });
  const [error, setError] = createSignal<Error>();
  const [tries, setTries] = createSignal(0);
  let controller: AbortController | undefined;
  let shown: string | null = null;
  createEffect(
    on([path, version, tries], ([wanted]) => {
      controller?.abort();
      if (wanted !== shown) {
        setData(undefined);
        setError(undefined);
      }
      shown = wanted;
      if (wanted === null) return;
      const own = new AbortController();
      controller = own;
      fetchReply<T>(wanted, own.signal).then(
        (reply) => {
          if (own.signal.aborted) return;
          setError(undefined);
          setData(() => reply);
        },
        (cause: unknown) => {
          if (!own.signal.aborted) setError(cause instanceof Error ? cause : new Error(String(cause)));
        },
      );
    }),
  );
  onCleanup(() => controller?.abort());
  return { data, error, reload: () => setTries((count) => count + 1) };
}
