import type { RetrievedDocument } from '@dgpo/trajectory';
import type { RetrieveOptions, Retriever } from '../retriever.js';
import { createBatchQueue } from './batch-queue.js';
import type { LruCache } from './lru-cache.js';

export interface ServedRetrieverOptions {
  retriever: Retriever & { readonly fingerprint?: string };
  /** Keeps answers of retrievers that have a fingerprint. */
  cache: LruCache<RetrievedDocument[]>;
  maxBatchQueries: number;
  batchWait: number;
  onBatch: (queries: number) => void;
  onCache: (lookups: { hits: number; misses: number }) => void;
}

export interface ServedRetriever {
  /** Requests that wait for a batch. */
  readonly waiting: number;
  retrieve(options: RetrieveOptions & { signal: AbortSignal }): Promise<RetrievedDocument[][]>;
}

// Strings take up to two bytes a character; the rest is what objects and the entry itself take, roughly.
const sizeOf = (key: string, found: readonly RetrievedDocument[]) =>
  found.reduce((sum, { document: { id, contents } }) => sum + 2 * (id.length + contents.length) + 128, 2 * key.length) +
  128;

/** Answers from the cache what it holds and asks the retriever for the rest, in batches with other requests of the same `topK`. */
export function createServedRetriever({
  retriever,
  cache,
  maxBatchQueries,
  batchWait,
  onBatch,
  onCache,
}: ServedRetrieverOptions): ServedRetriever {
  const queue = createBatchQueue<string, RetrievedDocument[]>({
    maxBatch: maxBatchQueries,
    wait: batchWait,
    onBatch,
    answer: ({ inputs, group, signal }) => retriever.retrieve({ queries: inputs, topK: Number(group), signal }),
  });
  return {
    get waiting() {
      return queue.waiting;
    },
    async retrieve({ queries, topK, signal }) {
      const { fingerprint } = retriever;
      const group = String(topK);
      if (fingerprint === undefined) return queue.submit({ inputs: queries, group, signal });
      const keyOf = (query: string) => `${fingerprint} ${topK} ${query}`;
      const answers = queries.map((query) => cache.get(keyOf(query)));
      const missing = queries.filter((_, position) => answers[position] === undefined);
      onCache({ hits: queries.length - missing.length, misses: missing.length });
      const found = missing.length === 0 ? [] : await queue.submit({ inputs: missing, group, signal });
      for (const [position, query] of missing.entries()) {
        const answer = found[position] ?? [];
        cache.set(keyOf(query), answer, sizeOf(keyOf(query), answer));
      }
      let next = 0;
      return answers.map((answer) => answer ?? found[next++] ?? []);
    },
  };
}
