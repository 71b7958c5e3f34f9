import type { RetrievedDocument } from '@dgpo/trajectory';
import type { Retriever } from '../retriever.js';

/**
 * One retriever call for the queries of a whole batch. A failure, a wrong number of lists and a retriever that does not answer in
 * time come back as a message; only an abort of the caller's signal throws.
 */
export async function retrieveOrError(options: {
  retriever: Retriever;
  queries: readonly string[];
  topK: number;
  timeout: number;
  signal: AbortSignal | undefined;
}): Promise<{ documents: RetrievedDocument[][] } | { error: string }> {
  const { retriever, queries, topK, timeout, signal } = options;
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  // The race also ends the wait for a retriever that ignores its signal.
  const interrupted = new Promise<never>((_, reject) => {
    const interrupt = (reason: unknown) => {
      reject(reason);
      controller.abort(reason);
    };
    timer = setTimeout(() => interrupt(new Error(`no answer within ${timeout} ms`)), timeout);
    onAbort = () => interrupt(signal?.reason);
    signal?.addEventListener('abort', onAbort);
  });
  try {
    signal?.throwIfAborted();
    const documents = await Promise.race([
      retriever.retrieve({ queries, topK, signal: controller.signal }),
      interrupted,
    ]);
    if (documents.length !== queries.length) {
      return { error: `retriever: ${documents.length} lists for ${queries.length} queries` };
    }
    return { documents: documents.map((list) => list.slice(0, topK)) };
  } catch (error) {
    signal?.throwIfAborted();
    return { error: `retriever: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }
}
