import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, createRandom, type Random, RetrieverError } from '@dgpo/trajectory';
import { describeFailure } from '../client/describe-failure.js';
import { readBody } from '../client/read-body.js';
import { parseRetryAfter, retryDelay } from '../client/retry-delay.js';
import { requireInteger } from '../require-integer.js';

/** How the servers of models are asked. */
export interface PostOptions {
  /**
   * Name of the environment variable that holds the server's key, sent as `Authorization: Bearer <key>`. The key itself is never
   * stored or printed.
   */
  tokenEnv?: string;
  /**
   * Where the key is looked up.
   * @default process.env
   */
  environment?: Readonly<Record<string, string | undefined>>;
  /**
   * How long one attempt may take, in milliseconds.
   * @default 60000
   */
  timeout?: number;
  /**
   * Further attempts after a network error, a timeout or one of the statuses 408, 429 and 5xx.
   * @default 5
   */
  retries?: number;
  /**
   * The first wait between attempts, in milliseconds; it doubles each time, with jitter. `Retry-After` is honoured.
   * @default 500
   */
  backoff?: number;
  /**
   * The longest wait between attempts, in milliseconds.
   * @default 60000
   */
  maxDelay?: number;
  /**
   * The largest reply, in bytes.
   * @default 67108864
   */
  maxResponseBytes?: number;
  /** @default globalThis.fetch */
  fetch?: typeof globalThis.fetch;
  /**
   * Where the jitter comes from; it affects waiting only.
   * @default seeded by the process id
   */
  random?: Random;
  /** Test seam. */
  _internal?: { sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void> };
}

/** The URL of a server's route: `route` is added unless the path ends with the last part of it. */
export function resolveRoute(text: string, route: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new ConfigError('this is not a URL such as http://127.0.0.1:8080', { where: text, cause });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigError('the URL of a server begins with http:// or https://', { where: text });
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigError('the URL must not hold a password; name its variable in "tokenEnv"', { where: url.host });
  }
  const path = url.pathname.replace(/\/+$/, '');
  const last = route.slice(route.lastIndexOf('/'));
  if (path.endsWith(last)) url.pathname = path;
  // A base that ends with the version, as OpenAI's clients take it.
  else if (path.endsWith('/v1') && route.startsWith('/v1/')) url.pathname = path + route.slice('/v1'.length);
  else url.pathname = path + route;
  return url.href;
}

type Outcome = { value: unknown } | { failure: string; retry: boolean; retryAfter: number | null; cause?: unknown };

/**
 * A function that posts JSON to one URL and gives the JSON of the reply: with a time limit for each attempt, further attempts
 * after failures that may pass, and a limit on the size of the reply.
 * @throws ConfigError for an option out of range or when the variable `tokenEnv` is not set. The function throws RetrieverError naming the URL when
 * no attempt succeeds, and the signal's reason when it is aborted.
 */
export function createPost(
  url: string,
  {
    tokenEnv,
    environment = process.env,
    timeout = 60_000,
    retries = 5,
    backoff = 500,
    maxDelay = 60_000,
    maxResponseBytes = 64 << 20,
    fetch = globalThis.fetch,
    random = createRandom(process.pid).split('model-server'),
    _internal = { sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal ? { signal } : {}) },
  }: PostOptions,
): (body: unknown, signal?: AbortSignal) => Promise<unknown> {
  requireInteger('timeout', timeout, 1);
  requireInteger('maxResponseBytes', maxResponseBytes, 1);
  for (const [name, value] of Object.entries({ retries, backoff, maxDelay })) requireInteger(name, value, 0);
  const token = tokenEnv === undefined ? undefined : environment[tokenEnv];
  if (tokenEnv !== undefined && !token) {
    throw new ConfigError(`the environment variable ${tokenEnv}, which is to hold the server's key, is not set`, {
      where: url,
    });
  }
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };

  async function attempt(body: string, signal: AbortSignal | undefined): Promise<Outcome> {
    const expired = AbortSignal.timeout(timeout);
    let text: string;
    try {
      const response = await fetch(url, {
        ...{ method: 'POST', headers, body },
        signal: signal ? AbortSignal.any([signal, expired]) : expired,
      });
      if (!response.ok) {
        const retry = response.status === 408 || response.status === 429 || response.status >= 500;
        const said = (await readBody(response, 1 << 16).catch(() => '')).slice(0, 200);
        const retryAfter = parseRetryAfter(response.headers.get('Retry-After'), Date.now());
        return { failure: `status ${response.status}${said === '' ? '' : `: ${said}`}`, retry, retryAfter };
      }
      text = await readBody(response, maxResponseBytes);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof RangeError) throw new RetrieverError(`bad reply: ${cause.message}`, { where: url, cause });
      const failure = expired.aborted ? `no answer within ${timeout} ms` : describeFailure(cause);
      return { failure, retry: true, retryAfter: null, cause };
    }
    try {
      return { value: JSON.parse(text) };
    } catch (cause) {
      const start = JSON.stringify(text.slice(0, 80));
      throw new RetrieverError(`bad reply: it is not JSON: ${start}`, { where: url, cause });
    }
  }

  return async (body, signal) => {
    const text = JSON.stringify(body);
    for (let attempts = 1; ; attempts++) {
      signal?.throwIfAborted();
      const outcome = await attempt(text, signal);
      if ('value' in outcome) return outcome.value;
      const { failure, retry, retryAfter, cause } = outcome;
      if (!retry) throw new RetrieverError(`the server refused the request (${failure})`, { where: url });
      if (attempts > retries) {
        const times = attempts === 1 ? 'one attempt' : `${attempts} attempts`;
        throw new RetrieverError(`no answer after ${times} (${failure})`, { where: url, cause });
      }
      try {
        await _internal.sleep(retryDelay({ attempt: attempts, backoff, maxDelay, retryAfter, random }), signal);
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    }
  };
}
