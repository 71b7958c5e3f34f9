import { RetrieverError } from '@dgpo/trajectory';
import { requireInteger } from './require-integer.js';

export interface CircuitBreakerOptions {
  /**
   * Requests in a row that must fail, each with all its attempts, before no more are sent.
   * @default 5
   */
  failures?: number;
  /**
   * How long none are sent then, in milliseconds; after it one request goes out as a trial.
   * @default 30000
   */
  cooldown?: number;
  /**
   * The clock, in milliseconds.
   * @default performance.now
   */
  now?: () => number;
}

/** What becomes of a request that the breaker let through; exactly one of the three is to be called. */
export interface CircuitPass {
  succeed(): void;
  fail(): void;
  /** It was called off: neither success nor failure. */
  release(): void;
}

/** Spares a server that is down, and its clients the wait: several may share one. */
export interface CircuitBreaker {
  /** `closed` lets requests through, `open` none, `half-open` one at a time. */
  readonly state: 'closed' | 'open' | 'half-open';
  /** @throws RetrieverError when the request must not be sent; `where` names the server. */
  enter(where: string): CircuitPass;
}

/**
 * A circuit breaker: after some failures in a row requests fail at once for a while, then one is tried; its success closes the circuit,
 * its failure opens it again (Nygard, Release It!, 2007).
 * @throws ConfigError for options out of range.
 */
export function createCircuitBreaker({
  failures = 5,
  cooldown = 30_000,
  now = () => performance.now(),
}: CircuitBreakerOptions = {}): CircuitBreaker {
  requireInteger({ failures }, 1);
  requireInteger({ cooldown }, 0);
  let failed = 0;
  let openUntil = 0;
  let trial: CircuitPass | undefined;

  const state = () => (failed < failures ? 'closed' : now() < openUntil ? 'open' : 'half-open');

  return {
    get state() {
      return state();
    },
    enter(where) {
      const current = state();
      if (current === 'open' || (current === 'half-open' && trial !== undefined)) {
        const wait = Math.max(0, Math.ceil((openUntil - now()) / 1000));
        const next = current === 'open' ? `the next attempt is made in ${wait} s` : 'one request is trying it now';
        throw new RetrieverError(`not asked: the last ${failed} requests failed; ${next}`, { where });
      }
      let isOver = false;
      const settle = (change: () => void) => () => {
        if (isOver) return;
        isOver = true;
        if (trial === pass) trial = undefined;
        change();
      };
      const pass: CircuitPass = {
        succeed: settle(() => {
          failed = 0;
        }),
        fail: settle(() => {
          failed += 1;
          if (failed >= failures) openUntil = now() + cooldown;
        }),
        release: settle(() => undefined),
      };
      if (current === 'half-open') trial = pass;
      return pass;
    },
  };
}
