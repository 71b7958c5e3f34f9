import { ConfigError } from '@dgpo/trajectory';
import { createRetrieverClient } from '../client/create-retriever-client.js';
import { loadCorpus } from '../corpus/read-corpus.js';
import { createRetriever } from '../create-retriever.js';
import { loadRetriever } from '../load-retriever.js';
import type { IndexedRetriever, Retriever } from '../retriever.js';
import type { CliSurroundings } from './surroundings.js';

/**
 * Opens the index, or builds a BM25 index in memory when a corpus alone is given. With both, the index must be of that corpus.
 * @throws ConfigError when neither is given.
 */
export async function openLocalRetriever(
  { index, corpus }: { index?: string; corpus?: string },
  { writeError, signal }: CliSurroundings,
): Promise<IndexedRetriever> {
  const logger = (message: string) => writeError(`${message}\n`);
  if (index !== undefined) return loadRetriever({ directory: index, ...(corpus !== undefined && { corpus }), logger });
  if (corpus === undefined) throw new ConfigError('give --index DIR, or --corpus FILE to index it in memory');
  const documents = await loadCorpus({ path: corpus });
  return createRetriever({ documents, logger, signal });
}

/** As {@link openLocalRetriever}, or a client of the server at `url`. @throws ConfigError when there is not exactly one source. */
export async function openAnyRetriever(
  { url, token, ...local }: { index?: string; corpus?: string; url?: string; token?: string },
  surroundings: CliSurroundings,
): Promise<Retriever> {
  if (url === undefined) {
    if (local.index === undefined && local.corpus === undefined) {
      throw new ConfigError('give --index DIR, --corpus FILE or --url URL');
    }
    return openLocalRetriever(local, surroundings);
  }
  if (local.index !== undefined || local.corpus !== undefined) {
    throw new ConfigError('--url names a server; leave --index and --corpus out');
  }
  return createRetrieverClient({ url, ...(token !== undefined && { token }) });
}
