import type { RetrievedDocument } from '@dgpo/trajectory';
import type { Retriever } from '../retriever.js';
import { withinTime } from '../within-time.js';

/** What every call of a retriever has. */
interface RetrieverCall {
  retriever: Retriever;
  timeout: number;
  signal: AbortSignal | undefined;
}

async function orError<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T | { error: string }> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    return { error: `retriever: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/**
 * One retriever call for the queries of a whole batch. A failure, a wrong number of lists and a retriever that does not answer in
 * time come back as a message; only an abort of the caller's signal throws.
 */
export function retrieveOrError(
  options: RetrieverCall & { queries: readonly string[]; topK: number },
): Promise<{ documents: RetrievedDocument[][] } | { error: string }> {
  const { retriever, queries, topK, timeout, signal } = options;
  return orError(signal, async () => {
    const work = (inner: AbortSignal) => retriever.retrieve({ queries, topK, signal: inner });
    const documents = await withinTime({ timeout, signal, work });
    if (documents.length !== queries.length) {
      return { error: `retriever: ${documents.length} lists for ${queries.length} queries` };
    }
    return { documents: documents.map((list) => list.slice(0, topK)) };
  });
}

/** The whole document behind a passage, null when there is none. Failures as in {@link retrieveOrError}. */
export function openOrError(
  options: RetrieverCall & { id: string },
): Promise<{ document: RetrievedDocument['document'] | null } | { error: string }> {
  const { retriever, id, timeout, signal } = options;
  return orError(signal, async () => {
    const work = async (inner: AbortSignal) => (await retriever.openDocument?.({ id, signal: inner })) ?? null;
    return { document: await withinTime({ timeout, signal, work }) };
  });
}
