import { join } from 'node:path';
import type { Retriever } from '@dgpo/envs';
import { createCircuitBreaker, createRetrieverClient, loadCorpus, loadRetriever } from '@dgpo/retriever';
import { createRandom } from '@dgpo/trajectory';
import type { RetrieverSource } from './environment-settings.js';
import { createShuffledRetriever } from './shuffled-retriever.js';

/** A search engine that holds files until it is closed. */
export interface OpenedRetriever extends Retriever {
  close(): Promise<void>;
}

/** Opens the search engine; the passages of each query are the same wherever it is opened. */
export async function openRetriever(source: RetrieverSource): Promise<OpenedRetriever> {
  if ('directory' in source) {
    const { directory, shuffleSeed } = source;
    const retriever = await loadRetriever({ directory });
    if (shuffleSeed === undefined) return retriever;
    const documents = await loadCorpus({ path: join(directory, 'corpus.jsonl') });
    return {
      ...createShuffledRetriever({ retriever, documents, seed: shuffleSeed }),
      close: () => retriever.close(),
    };
  }
  const client = createRetrieverClient({
    url: source.url,
    random: createRandom(0).split('retriever'),
    // Within the time that the environment gives a search: a server that hangs is asked again and, when it stays down, left alone.
    timeout: 10_000,
    deadline: 25_000,
    circuitBreaker: createCircuitBreaker({ failures: 3 }),
  });
  return { ...client, close: async () => undefined };
}
