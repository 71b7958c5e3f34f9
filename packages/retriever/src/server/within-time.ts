import { RequestError } from './request-error.js';

/**
 * Runs `work` with a signal that is aborted after `timeout` milliseconds (reason: a {@link RequestError} 503) and when the client
 * goes away (499). Nothing outlives the work: neither a timer nor a listener.
 */
export async function withinTime<T>({
  client,
  timeout,
  work,
}: {
  client: AbortSignal;
  timeout: number;
  work: (signal: AbortSignal) => Promise<T>;
}): Promise<T> {
  const controller = new AbortController();
  const expire = setTimeout(() => {
    const message = `the search took longer than ${timeout} ms; send fewer queries at once`;
    controller.abort(new RequestError(503, message, { 'Retry-After': '1' }));
  }, timeout);
  const leave = () => controller.abort(new RequestError(499, 'the client went away'));
  client.addEventListener('abort', leave, { once: true });
  if (client.aborted) leave();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(expire);
    client.removeEventListener('abort', leave);
  }
}
