import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, type Random, RetrieverError } from '@dgpo/trajectory';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.js';
import { describeFailure, describeStatus } from './describe-failure.js';
import { readBody } from './read-body.js';
import { requireInteger } from './require-integer.js';
import { parseRetryAfter, retryDelay } from './retry-delay.js';
import { createSlots } from './slots.js';

/** How requests to a server are limited and repeated. */
export interface RequestOptions {
  /**
   * How long one attempt may take, its whole body included, in milliseconds.
   * @default 30000
   */
  timeout?: number;
  /**
   * Further attempts after a network error, a timeout, a body that is cut off or not what was asked for, or one of the statuses 408,
   * 429 and 5xx.
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
   * How long one call of `retrieve` may take with all its requests, attempts and waits, in milliseconds.
   * @default no limit
   */
  deadline?: number;
  /**
   * Requests on the way at once; further ones wait for their turn.
   * @default 16
   */
  maxConcurrent?: number;
  /**
   * The largest reply, in bytes.
   * @default 67108864
   */
  maxResponseBytes?: number;
  /**
   * Fails requests at once while the server is down; give several clients of one server the same.
   * @default createCircuitBreaker()
   */
  circuitBreaker?: CircuitBreaker;
  /** @default globalThis.fetch, which keeps connections open and uses them again */
  fetch?: typeof globalThis.fetch;
  /**
   * Where the jitter comes from; it affects waiting only.
   * @default seeded by the process id, so that processes started together spread out
   */
  random?: Random;
  /** Test seam. */
  _internal?: { sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void> };
}

/** One request of a call. */
interface Exchange<T> {
  url: string;
  init: Pick<RequestInit, 'method' | 'headers' | 'body' | 'redirect'>;
  /** Reads the body. What it throws counts as a failed attempt: a proxy may have spoilt the body. */
  parse: (body: string) => T;
  signal: AbortSignal | undefined;
}

/** Sends requests within the limits of {@link RequestOptions}. */
export interface Requester {
  /**
   * Runs the requests of one call under its deadline.
   * @throws RetrieverError when the deadline is over; whatever the work throws.
   */
  call<T>(work: (signal: AbortSignal | undefined) => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /**
   * @throws RetrieverError when the server stays unreachable, refuses the request, sends too much or something else than what `parse`
   * reads; the signal's reason when it is aborted.
   */
  request<T>(exchange: Exchange<T>): Promise<T>;
}

/**
 * The statuses of requests that are too large (413), or whose address is (414, 431): what a policy has written. Others that are refused
 * (400, 401, 404) come of settings as well.
 */
const tooLarge = [413, 414, 431];

type Outcome<T> =
  | { kind: 'answer'; answer: T }
  | { kind: 'refused'; failure: string; refusesQuery: boolean; cause?: unknown }
  | { kind: 'failed'; failure: string; retryAfter?: number | null; cause?: unknown };

/** @throws ConfigError for options out of range. */
export function createRequester({
  where,
  hint,
  refusalHint,
  secret,
  timeout = 30_000,
  retries = 5,
  backoff = 500,
  maxDelay = 60_000,
  deadline,
  maxConcurrent = 16,
  maxResponseBytes = 64 << 20,
  circuitBreaker = createCircuitBreaker(),
  fetch = globalThis.fetch,
  random = createRandom(process.pid).split('retriever-client'),
  _internal = { sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal ? { signal } : {}) },
}: RequestOptions & {
  /** The server in messages; holds no secret. */
  where: string;
  /** Closes the message when the server stays unreachable. */
  hint: string;
  /** Closes the message when the server refuses a request. */
  refusalHint?: string | undefined;
  /** Blotted out of messages, in case the server repeats it. */
  secret?: string | undefined;
}): Requester {
  requireInteger({ timeout, maxConcurrent, maxResponseBytes, ...(deadline !== undefined && { deadline }) }, 1);
  requireInteger({ retries, backoff, maxDelay }, 0);
  const slots = createSlots(maxConcurrent);

  const failWith = (message: string, cause?: unknown, refusesQuery = false) => {
    const text =
      secret === undefined ? message : message.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***');
    // The cause may quote the server too.
    return new RetrieverError(text, { where, refusesQuery, ...(secret === undefined && { cause }) });
  };

  async function attempt<T>({ url, init, parse, signal }: Exchange<T>): Promise<Outcome<T>> {
    const expired = AbortSignal.timeout(timeout);
    let body: string;
    try {
      const response = await fetch(url, { ...init, signal: signal ? AbortSignal.any([signal, expired]) : expired });
      if (!response.ok) {
        const { status } = response;
        const failure = await describeStatus(response);
        if (status !== 408 && status !== 429 && status < 500) {
          const refusesQuery = tooLarge.includes(status);
          return { kind: 'refused', failure: `refused the request (${failure})`, refusesQuery };
        }
        return {
          kind: 'failed',
          failure,
          retryAfter: parseRetryAfter(response.headers.get('Retry-After'), Date.now()),
        };
      }
      body = await readBody(response, maxResponseBytes);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof RangeError) {
        return { kind: 'refused', failure: `sent a bad reply: ${cause.message}`, refusesQuery: false, cause };
      }
      return {
        kind: 'failed',
        failure: expired.aborted ? `no answer within ${timeout} ms` : describeFailure(cause),
        cause,
      };
    }
    try {
      return { kind: 'answer', answer: parse(body) };
    } catch (cause) {
      return { kind: 'failed', failure: `bad reply: ${cause instanceof Error ? cause.message : String(cause)}`, cause };
    }
  }

  async function wait(milliseconds: number, signal: AbortSignal | undefined) {
    try {
      await _internal.sleep(milliseconds, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }

  return {
    async call(work, signal) {
      signal?.throwIfAborted();
      if (deadline === undefined) return work(signal);
      const controller = new AbortController();
      const expire = () => controller.abort(failWith(`no answer within the deadline of ${deadline} ms; ${hint}`));
      const timer = setTimeout(expire, deadline);
      try {
        return await work(signal ? AbortSignal.any([signal, controller.signal]) : controller.signal);
      } finally {
        clearTimeout(timer);
      }
    },

    async request(exchange) {
      const { signal } = exchange;
      const pass = circuitBreaker.enter(where);
      try {
        for (let attempts = 1; ; attempts++) {
          const outcome = await slots.run(() => attempt(exchange), signal);
          if (outcome.kind === 'answer') {
            pass.succeed();
            return outcome.answer;
          }
          const { failure, cause } = outcome;
          if (outcome.kind === 'refused') {
            pass.succeed();
            const { refusesQuery } = outcome;
            const advice = refusalHint === undefined || refusesQuery ? '' : `; ${refusalHint}`;
            throw failWith(`the server ${failure}${advice}`, cause, refusesQuery);
          }
          if (attempts > retries) {
            const times = attempts === 1 ? 'one attempt' : `${attempts} attempts`;
            throw failWith(`no answer after ${times} (${failure}); ${hint}`, cause);
          }
          await wait(
            retryDelay({ attempt: attempts, backoff, maxDelay, retryAfter: outcome.retryAfter ?? null, random }),
            signal,
          );
        }
      } catch (error) {
        // The deadline is the server's failure; a caller that calls the request off says nothing about it.
        if (error instanceof RetrieverError) pass.fail();
        else pass.release();
        throw error;
      }
    },
  };
}
