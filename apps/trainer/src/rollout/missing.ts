import { ModelError } from '@dgpo/trajectory';

/** Keeps an eye on what jobs wait for: says so from time to time, and gives up when it takes too long. */
export interface Missing {
  /**
   * @param what is missing, in words; undefined when nothing is or nobody waits
   * @param now in milliseconds
   */
  update(what: string | undefined, now: number): void;
}

/**
 * @param options.timeout milliseconds after which `fail` is told; 0 waits for ever
 * @param options.interval milliseconds between two lines
 */
export function createMissing(options: {
  timeout: number;
  interval: number;
  onLine: (line: string) => void;
  fail: (error: ModelError) => void;
}): Missing {
  const { timeout, interval, onLine, fail } = options;
  let since: number | undefined;
  let noticedAt = Number.NEGATIVE_INFINITY;
  return {
    update: (what, now) => {
      if (what === undefined) {
        since = undefined;
        noticedAt = Number.NEGATIVE_INFINITY;
        return;
      }
      since ??= now;
      if (timeout > 0 && now - since > timeout) {
        fail(new ModelError(`nobody plays: waited ${timeout / 1000} s for ${what}`));
      } else if (now - noticedAt >= interval) {
        noticedAt = now;
        onLine(`waiting for ${what}`);
      }
    },
  };
}
