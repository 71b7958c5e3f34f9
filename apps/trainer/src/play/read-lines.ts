import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

/** The lines of an input, as they come; an aborted signal ends them. What is read is let go afterwards, so that a process can end. */
export async function* readLines(
  input: AsyncIterable<string | Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  signal.throwIfAborted();
  const stream = input instanceof Readable ? input : Readable.from(input);
  const reader = createInterface({ input: stream, terminal: false, crlfDelay: Number.POSITIVE_INFINITY, signal });
  try {
    yield* reader;
  } finally {
    reader.close();
  }
}
