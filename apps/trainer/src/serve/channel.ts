/** Values from callbacks, for one reader. */
export interface Channel<Value> extends AsyncIterable<Value> {
  push(value: Value): void;
  /** No more values come. */
  close(): void;
  /** The reader gets this error after the values before it. */
  fail(error: unknown): void;
}

export function createChannel<Value>(): Channel<Value> {
  const values: Value[] = [];
  let ended: { error?: unknown } | undefined;
  let wake: () => void = () => undefined;
  const end = (how: { error?: unknown }) => {
    ended ??= how;
    wake();
  };
  async function* read(): AsyncGenerator<Value> {
    for (;;) {
      yield* values.splice(0);
      if (values.length > 0) continue;
      if (ended !== undefined) {
        if ('error' in ended) throw ended.error;
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  return {
    push: (value) => {
      values.push(value);
      wake();
    },
    close: () => end({}),
    fail: (error) => end({ error }),
    [Symbol.asyncIterator]: read,
  };
}
