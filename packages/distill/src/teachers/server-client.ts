import { setTimeout as wait } from 'node:timers/promises';
import { ConfigError, createRandom, ModelError, type Random } from '@dgpo/trajectory';
import { createLimiter } from './limiter.js';
import { describeFailure, describeStatus, readText, retryAfterOf } from './read-response.js';

/** How a server is asked, and how long. */
export interface ServerOptions {
  /** Of the server, with or without `/v1` at the end: `http://127.0.0.1:8000`. */
  url: string;
  /** Sent as `Authorization: Bearer <key>`; never part of a message. */
  apiKey?: string;
  /** Name of the environment variable that holds the key. */
  apiKeyVariable?: string;
  /** Where `apiKeyVariable` is looked up. @default process.env */
  environment?: Readonly<Record<string, string | undefined>>;
  /** How long one attempt may take, its whole body included, in milliseconds. @default 120000 */
  timeout?: number;
  /** How long one call may take with all attempts and waits, in milliseconds. @default no limit */
  deadline?: number;
  /** Further attempts after a network error, a timeout, a body cut off, 408, 429 and 5xx. @default 5 */
  retries?: number;
  /** First wait between attempts, in milliseconds; it doubles, with jitter. `Retry-After` is honoured. @default 500 */
  backoff?: number;
  /** Longest wait between attempts, in milliseconds. @default 60000 */
  maxDelay?: number;
  /** Requests on the way at once. @default 8 */
  concurrency?: number;
  /** Largest body, sent or received, in bytes. @default 67108864 */
  maxBodyBytes?: number;
  /** Calls off everything. */
  signal?: AbortSignal;
  /** @default globalThis.fetch */
  fetch?: typeof globalThis.fetch;
  /** Of the jitter, which affects waiting only. @default seeded by the process id */
  random?: Random;
  /** Waits between attempts. @default a timer */
  sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

interface PostOptions<Answer> {
  path: string;
  body: object;
  /** Reads the answer. What it throws is final: the same question would be answered alike. */
  read: (answer: unknown) => Answer;
  /** Statuses that mean "not here"; then the result is undefined. @default [] */
  absent?: readonly number[];
  /** Said after a 404: what a server needs to know this path. */
  needs?: string;
  signal?: AbortSignal | undefined;
}

export interface ServerClient {
  /** Where it asks; holds no secret. */
  readonly url: string;
  post<Answer>(options: PostOptions<Answer>): Promise<Answer | undefined>;
  /** Runs the requests of one call under the deadline; the signal covers that, the caller's and the client's. */
  call<Result>(work: (signal: AbortSignal) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}

/** An answer that was understood and is wrong. */
export class AnswerProblem extends Error {
  override readonly name = 'AnswerProblem';
}

type Outcome =
  | { kind: 'answer'; answer: unknown }
  | { kind: 'absent' }
  | { kind: 'refused'; failure: string }
  | { kind: 'failed'; failure: string; retryAfter: number };

function serverUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new ConfigError('this is not a URL such as http://127.0.0.1:8000', { where: text, cause });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigError('the URL of a server begins with http:// or https://', { where: url.host });
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ConfigError('the URL must hold no password and no query; keys go into apiKeyVariable', {
      where: url.host,
    });
  }
  return url.href.replace(/\/+$/, '').replace(/\/v1$/, '');
}

function keyOf({ apiKey, apiKeyVariable, environment = process.env }: ServerOptions): string | undefined {
  if (apiKeyVariable === undefined) return apiKey;
  if (apiKey !== undefined) throw new ConfigError('give either apiKey or apiKeyVariable', { where: 'apiKeyVariable' });
  const key = environment[apiKeyVariable];
  if (key === undefined || key.trim() === '') {
    throw new ConfigError(`the environment variable ${apiKeyVariable} is not set`, { where: 'apiKeyVariable' });
  }
  return key;
}

function requireIntegers(values: Record<string, number | undefined>, least: number): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < least)) {
      throw new ConfigError(`must be an integer of at least ${least}, not ${value}`, { where: name });
    }
  }
}

/** @throws ConfigError for a bad URL, limit or key */
export function createServerClient(options: ServerOptions): ServerClient {
  const { timeout = 120_000, deadline, retries = 5, backoff = 500, maxDelay = 60_000, concurrency = 8 } = options;
  const { maxBodyBytes = 64 << 20, fetch = globalThis.fetch } = options;
  const { random = createRandom(process.pid).split('server-client') } = options;
  const { sleep = (milliseconds, signal) => wait(milliseconds, undefined, { signal }) } = options;
  requireIntegers({ timeout, deadline, concurrency, maxBodyBytes }, 1);
  requireIntegers({ retries, backoff, maxDelay }, 0);
  const url = serverUrl(options.url);
  const key = keyOf(options);
  const limit = createLimiter(concurrency);
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
  };
  // A server may repeat the key in what it answers.
  const failure = (message: string) =>
    new ModelError(key === undefined ? message : message.replaceAll(key, '***'), { where: url });

  async function attempt(
    { path, absent = [], needs }: Omit<PostOptions<unknown>, 'body'>,
    body: string,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const expired = AbortSignal.timeout(timeout);
    let text: string;
    try {
      const response = await fetch(url + path, {
        method: 'POST',
        headers,
        body,
        redirect: 'error',
        signal: AbortSignal.any([signal, expired]),
      });
      if (!response.ok) {
        const { status } = response;
        const retryAfter = retryAfterOf(response);
        const described = await describeStatus(response);
        if (absent.includes(status)) return { kind: 'absent' };
        if (status === 408 || status === 429 || status >= 500)
          return { kind: 'failed', failure: described, retryAfter };
        const hint = status === 404 && needs !== undefined ? `; ${needs}` : '';
        return { kind: 'refused', failure: `the server refused the request (${described})${hint}` };
      }
      text = await readText(response, maxBodyBytes);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RangeError) return { kind: 'refused', failure: `the answer is too large: ${error.message}` };
      const why = expired.aborted ? `no answer within ${timeout} ms` : describeFailure(error);
      return { kind: 'failed', failure: why, retryAfter: 0 };
    }
    try {
      return { kind: 'answer', answer: JSON.parse(text) };
    } catch {
      return { kind: 'failed', failure: `the answer is not JSON: ${JSON.stringify(text.slice(0, 80))}`, retryAfter: 0 };
    }
  }

  async function exchange<Answer>(request: PostOptions<Answer>, signal: AbortSignal): Promise<Answer | undefined> {
    const body = JSON.stringify(request.body);
    if (Buffer.byteLength(body) > maxBodyBytes) {
      throw failure(`the request is larger than maxBodyBytes (${maxBodyBytes}); raise it or send shorter rows`);
    }
    for (let failed = 0; ; ) {
      const outcome = await limit(() => attempt(request, body, signal), signal);
      if (outcome.kind === 'absent') return undefined;
      if (outcome.kind === 'refused') throw failure(outcome.failure);
      if (outcome.kind === 'answer') {
        try {
          return request.read(outcome.answer);
        } catch (error) {
          if (error instanceof AnswerProblem) throw failure(error.message);
          throw error;
        }
      }
      failed += 1;
      if (failed > retries) {
        const times = failed === 1 ? 'one attempt' : `${failed} attempts`;
        throw failure(`no answer after ${times} (${outcome.failure}); is a server running there, with this model?`);
      }
      const doubled = backoff * 2 ** (failed - 1) * (0.5 + 0.5 * random.next());
      await sleep(Math.min(maxDelay, Math.max(doubled, outcome.retryAfter)), signal).catch((error: unknown) => {
        signal.throwIfAborted();
        throw error;
      });
    }
  }

  const joined = (...signals: (AbortSignal | undefined)[]) =>
    AbortSignal.any([options.signal, ...signals].filter((one) => one !== undefined));

  return {
    url,
    post: (request) => exchange(request, joined(request.signal)),
    async call(work, signal) {
      const controller = new AbortController();
      const expire = () =>
        controller.abort(failure(`no answer within the deadline of ${deadline} ms; raise it or send fewer rows`));
      const timer = deadline === undefined ? undefined : setTimeout(expire, deadline);
      const all = joined(signal, controller.signal);
      try {
        all.throwIfAborted();
        return await work(all);
      } catch (error) {
        // The other requests of this call are of no use any more.
        controller.abort(error);
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
