import { stat } from 'node:fs/promises';
import { ConfigError } from '@dgpo/trajectory';
import { createRetrieverClient } from '../client/create-retriever-client.js';
import { loadCorpus } from '../corpus/read-corpus.js';
import { createRetriever } from '../create-retriever.js';
import { loadRetriever } from '../load-retriever.js';
import type { IndexedRetriever, Retriever } from '../retriever.js';
import type { CliSurroundings } from './surroundings.js';

const isUrl = (source: string) => /^https?:\/\//.test(source);

/**
 * Opens an index directory, or builds a BM25 index in memory when the source is a corpus file.
 * @throws ConfigError when there is nothing at the path.
 */
export async function openLocalRetriever(
  source: string,
  { writeError, signal }: CliSurroundings,
): Promise<IndexedRetriever> {
  const logger = (message: string) => writeError(`${message}\n`);
  if (isUrl(source))
    throw new ConfigError('this needs an index directory or a corpus file, not a server', { where: source });
  const found = await stat(source).catch(() => undefined);
  if (found === undefined) {
    throw new ConfigError(
      'there is no such index directory or corpus file; build an index with: dgpo-retriever index CORPUS --out DIR',
      { where: source },
    );
  }
  if (found.isDirectory()) return loadRetriever({ directory: source, logger });
  return createRetriever({ documents: await loadCorpus({ path: source }), logger, signal });
}

/**
 * Gives `use` what {@link openLocalRetriever} opens, or a client of a server when the source is a URL, and closes it afterwards.
 */
export async function withRetriever<Result>(
  { source, token }: { source: string; token?: string },
  surroundings: CliSurroundings,
  use: (retriever: Retriever) => Promise<Result>,
): Promise<Result> {
  if (isUrl(source)) return use(createRetrieverClient({ url: source, ...(token !== undefined && { token }) }));
  const retriever = await openLocalRetriever(source, surroundings);
  try {
    return await use(retriever);
  } finally {
    await retriever.close();
  }
}
