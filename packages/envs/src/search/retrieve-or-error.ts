import type { RetrievedDocument } from '@dgpo/trajectory';
import type { Retriever } from '../retriever.js';
import { withinTime } from '../within-time.js';
import { refusalOf } from './refusal-of.js';

/** What every call of a retriever has. */
interface RetrieverCall {
  retriever: Retriever;
  timeout: number;
  signal: AbortSignal | undefined;
}

interface RetrieveOptions {
  retriever: Retriever;
  queries: readonly string[];
  topK: number;
}

/** A query that the retriever refuses by its own fault, as a text for the policy, or a failure of the retriever. */
type Failure = { text: string; isError: true } | { error: string };

/** What a query brought. */
type Found = { documents: RetrievedDocument[] } | Failure;

/** Queries that are asked again at a time: a retriever that is down is not asked for all of them at once. */
const maxAtOnce = 4;

async function orError<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T | Failure> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    const refusal = refusalOf(error);
    if (refusal !== undefined) return { text: `Not carried out: ${refusal}`, isError: true };
    return { error: `retriever: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** One call. @throws what the retriever throws, and an error for a wrong number of lists. */
async function retrieve(options: RetrieveOptions & { signal: AbortSignal }): Promise<RetrievedDocument[][]> {
  const { retriever, queries, topK, signal } = options;
  const lists = await retriever.retrieve({ queries, topK, signal });
  if (lists.length !== queries.length) throw new Error(`${lists.length} lists for ${queries.length} queries`);
  return lists.map((list) => list.slice(0, topK));
}

/** A call for each of the queries, a few at a time; what they bring goes into `found`. Only an abort of the signal throws. */
async function askEach(options: RetrieveOptions & { signal: AbortSignal; found: Found[] }): Promise<void> {
  const { queries, found, ...call } = options;
  const waiting = queries.entries();
  const askInTurn = async () => {
    for (const [index, query] of waiting) {
      found[index] = await orError(call.signal, async () => {
        const [documents = []] = await retrieve({ ...call, queries: [query] });
        return { documents };
      });
    }
  };
  await Promise.all(Array.from({ length: maxAtOnce }, askInTurn));
}

/**
 * What each query brought: a call for all of them, and where it fails a call for each, so that no query fails for another's sake. A
 * failure, a wrong number of lists and a retriever that does not answer in time come back as a message; the time is that of all calls
 * together. A query that is refused by its own fault is no failure: the policy reads why. Only an abort of the caller's signal throws.
 */
export async function retrieveOrError(options: RetrieverCall & RetrieveOptions): Promise<Found[]> {
  const { retriever, queries, topK, timeout, signal } = options;
  if (retriever.batches === false && queries.length > 1) {
    const apart = queries.map((query) => retrieveOrError({ ...options, queries: [query] }));
    return (await Promise.all(apart)).flat();
  }
  const found: Found[] = [];
  const work = async (inner: AbortSignal): Promise<null> => {
    const call = { retriever, queries, topK, signal: inner };
    try {
      for (const documents of await retrieve(call)) found.push({ documents });
    } catch (error) {
      if (queries.length < 2 || inner.aborted) throw error;
      await askEach({ ...call, found });
    }
    return null;
  };
  const failure = await orError(signal, () => withinTime({ timeout, signal, work }));
  return queries.map((_, index) => found[index] ?? failure ?? { documents: [] });
}

/** The whole document behind a passage, null when there is none. Failures as in {@link retrieveOrError}. */
export function openOrError(
  options: RetrieverCall & { id: string },
): Promise<{ document: RetrievedDocument['document'] | null } | Failure> {
  const { retriever, id, timeout, signal } = options;
  return orError(signal, async () => {
    const work = async (inner: AbortSignal) => (await retriever.openDocument?.({ id, signal: inner })) ?? null;
    return { document: await withinTime({ timeout, signal, work }) };
  });
}
