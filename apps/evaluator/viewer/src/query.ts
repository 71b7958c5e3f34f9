import { type Accessor, createEffect, createSignal, on, onCleanup } from 'solid-js';
import type { ApiErrorReply } from '../../src/viewer/api.js';
import { createRenewal } from './renewal.js';

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
  /** Fetches anew, soon; often asked, once done. */
  renew: () => void;
}

/**
 * Fetches a path of the API, anew whenever `version` changes: then the old reply stays until the new one is there. A path that changes
 * starts from nothing; null fetches nothing.
 */
export function createQuery<T>(path: Accessor<string | null>, version: Accessor<unknown> = () => 0): Query<T> {
  const [data, setData] = createSignal<T | undefined>(undefined, { equals: false });
  const [error, setError] = createSignal<Error>();
  const renewal = createRenewal(async (signal) => {
    const wanted = path();
    if (wanted === null) return;
    try {
      const reply = await fetchReply<T>(wanted, signal);
      if (signal.aborted) return;
      setError(undefined);
      setData(() => reply);
    } catch (cause) {
      if (!signal.aborted) setError(cause instanceof Error ? cause : new Error(String(cause)));
    }
  });
  createEffect(
    on(path, () => {
      setData(undefined);
      setError(undefined);
      renewal.restart();
    }),
  );
  createEffect(on(version, renewal.request, { defer: true }));
  onCleanup(renewal.stop);
  return { data, error, reload: renewal.restart, renew: renewal.request };
}

/** Tries a query that failed again when its source changes: what is asked for may only now be there. */
export function retryOn(query: Query<unknown>, version: Accessor<unknown>): void {
  const retry = () => {
    if (query.error() !== undefined) query.renew();
  };
  createEffect(on(version, retry, { defer: true }));
}
