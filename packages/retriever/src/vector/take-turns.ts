/** Runs work one after the other, in the order it was given. */
export interface Turns {
  /** Whether work runs or waits. */
  readonly busy: boolean;
  take<Result>(work: () => Result | Promise<Result>): Promise<Result>;
}

export function createTurns(): Turns {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    get busy() {
      return waiting > 0;
    },
    take(work) {
      waiting++;
      const result = last.then(work).finally(() => waiting--);
      last = result.catch(() => undefined);
      return result;
    },
  };
}
