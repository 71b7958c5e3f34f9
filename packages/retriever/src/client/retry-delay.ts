import type { Random } from '@dgpo/trajectory';

/** Milliseconds that a `Retry-After` header asks for (seconds or a date), or null when there is none to read. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  if (/^\s*\d+\s*$/.test(header)) return 1000 * Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/**
 * Milliseconds to wait before another attempt: doubling from `backoff`, spread over the upper half by the random draw so that
 * many clients do not come back at once; at least what the server asked for; never more than `maxDelay`.
 */
export function retryDelay({
  attempt,
  backoff,
  maxDelay,
  retryAfter,
  random,
}: {
  /** Failed attempts so far, at least 1. */
  attempt: number;
  backoff: number;
  maxDelay: number;
  retryAfter: number | null;
  random: Random;
}): number {
  const exponential = backoff * 2 ** (attempt - 1) * (0.5 + 0.5 * random.next());
  return Math.min(maxDelay, Math.max(exponential, retryAfter ?? 0));
}
