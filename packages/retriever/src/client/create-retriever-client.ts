import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, createRandom, type Random, type RetrievedDocument, RetrieverError } from '@dgpo/trajectory';
import { requireTopK } from '../require-top-k.js';
import type { Retriever } from '../retriever.js';
import { parseReply } from './parse-reply.js';
import { readBody } from './read-body.js';
import { parseRetryAfter, retryDelay } from './retry-delay.js';

export interface RetrieverClientOptions {
  /** The server, with or without `/retrieve` at the end: `http://127.0.0.1:8000`. */
  url: string;
  /**
   * How long one attempt may take, in milliseconds.
   * @default 30000
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
   * Queries of one request; more are sent in several, one after the other.
   * @default 512
   */
  batchSize?: number;
  /**
   * The largest reply, in bytes.
   * @default 67108864
   */
  maxResponseBytes?: number;
  /** Sent as `Authorization: Bearer <token>`. */
  token?: string;
  /** @default globalThis.fetch */
  fetch?: typeof globalThis.fetch;
  /**
   * Where the jitter comes from; it affects waiting only.
   * @default seeded by the process id, so that processes started together spread out
   */
  random?: Random;
  /** Test seam. */
  _internal?: { sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void> };
}

const howToStart = 'is a server running there? Start one with: dgpo-retriever serve DIR';

function resolveUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new ConfigError('this is not a URL such as http://127.0.0.1:8000', { where: text, cause });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigError('the URL of a retriever begins with http:// or https://', { where: text });
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigError('the URL must not hold a password; use the option "token"', { where: url.host });
  }
  if (!url.pathname.endsWith('/retrieve')) url.pathname = `${url.pathname.replace(/\/+$/, '')}/retrieve`;
  return url;
}

/** What went wrong below `fetch`, whose own message is only "fetch failed". */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  if (cause.message !== '') return cause.message;
  return 'code' in cause ? String(cause.code) : error.message;
}

async function describeStatus(response: Response): Promise<string> {
  const body = await readBody(response, 1 << 16).catch(() => '');
  let message = body.slice(0, 200);
  try {
    message = String((JSON.parse(body) as { error?: { message?: unknown } }).error?.message ?? message);
  } catch {
    // Not our server's kind of error: the body itself says most.
  }
  return `status ${response.status}${message === '' ? '' : `: ${message}`}`;
}

/**
 * A retriever that asks a `/retrieve` server: this package's, Search-R1's or any that speaks the same contract. One flaky
 * request does not end a run: attempts have a time limit and are repeated.
 * @throws ConfigError for a bad URL or option. `retrieve` throws RetrieverError naming the URL when the server stays
 * unreachable, refuses the request or sends something else than passages, and the signal's reason when it is aborted.
 */
export function createRetrieverClient({
  url: urlText,
  timeout = 30_000,
  retries = 5,
  backoff = 500,
  maxDelay = 60_000,
  batchSize = 512,
  maxResponseBytes = 64 << 20,
  token,
  fetch = globalThis.fetch,
  random = createRandom(process.pid).split('retriever-client'),
  _internal = { sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal ? { signal } : {}) },
}: RetrieverClientOptions): Retriever {
  const url = resolveUrl(urlText).href;
  for (const [name, value, minimum] of [
    ['timeout', timeout, 1],
    ['retries', retries, 0],
    ['backoff', backoff, 0],
    ['maxDelay', maxDelay, 0],
    ['batchSize', batchSize, 1],
    ['maxResponseBytes', maxResponseBytes, 1],
  ] as const) {
    if (!Number.isInteger(value) || value < minimum) {
      throw new ConfigError(`${name} must be an integer of at least ${minimum}, not ${value}`);
    }
  }

  /** One attempt: the answer, or why it failed and whether another one may help. */
  async function attempt(body: string, shape: { queries: number; topK: number }, signal: AbortSignal | undefined) {
    const expired = AbortSignal.timeout(timeout);
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Accept: 'application/json',
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        },
        body,
        signal: signal ? AbortSignal.any([signal, expired]) : expired,
      });
      if (!response.ok) {
        const retry = response.status === 408 || response.status === 429 || response.status >= 500;
        const retryAfter = parseRetryAfter(response.headers.get('Retry-After'), Date.now());
        return { failure: await describeStatus(response), retry, retryAfter };
      }
      text = await readBody(response, maxResponseBytes);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof RangeError) throw new RetrieverError(`bad reply: ${cause.message}`, { where: url, cause });
      const failure = expired.aborted ? `no answer within ${timeout} ms` : describeFailure(cause);
      return { failure, retry: true, retryAfter: null, cause };
    }
    try {
      return { answers: parseReply(text, shape) };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RetrieverError(`bad reply: ${reason}; is this a /retrieve server?`, { where: url, cause });
    }
  }

  async function request(queries: readonly string[], topK: number, signal: AbortSignal | undefined) {
    const body = JSON.stringify({ queries, topk: topK, return_scores: true });
    for (let attempts = 1; ; attempts++) {
      const outcome = await attempt(body, { queries: queries.length, topK }, signal);
      if ('answers' in outcome) return outcome.answers;
      const { failure, retry, retryAfter, cause } = outcome;
      if (!retry) throw new RetrieverError(`the server refused the request (${failure})`, { where: url });
      if (attempts > retries) {
        const times = attempts === 1 ? 'one attempt' : `${attempts} attempts`;
        throw new RetrieverError(`no answer after ${times} (${failure}); ${howToStart}`, { where: url, cause });
      }
      try {
        await _internal.sleep(retryDelay({ attempt: attempts, backoff, maxDelay, retryAfter, random }), signal);
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    }
  }

  return {
    async retrieve({ queries, topK, signal }) {
      requireTopK(topK);
      signal?.throwIfAborted();
      const answers: RetrievedDocument[][] = [];
      for (let start = 0; start < queries.length; start += batchSize) {
        answers.push(...(await request(queries.slice(start, start + batchSize), topK, signal)));
      }
      return answers;
    },
  };
}
