import { stat } from 'node:fs/promises';
import { ConfigError } from '@dgpo/trajectory';
import { createRetrieverClient } from '../client/create-retriever-client.js';
import { loadCorpus } from '../corpus/read-corpus.js';
import { createRetriever } from '../create-retriever.js';
import { loadRetriever } from '../load-retriever.js';
import type { IndexedRetriever, Retriever } from '../retriever.js';
import { isWebSource, openWebRetriever } from '../web/open-web-retriever.js';
import type { CliSurroundings } from './surroundings.js';

const isUrl = (source: string) => /^https?:\/\//.test(source);

/** A retriever that was opened for a command. */
export type OpenedRetriever = Retriever & Partial<IndexedRetriever> & Pick<IndexedRetriever, 'close'>;

const closing = (retriever: Retriever): OpenedRetriever => ({ ...retriever, close: async () => undefined });

/**
 * Opens an index directory or a search engine of the web, or builds a BM25 index in memory when the source is a corpus file.
 * @throws ConfigError when there is nothing at the path.
 */
export async function openLocalRetriever(
  source: string,
  { writeError, environment, signal }: CliSurroundings,
): Promise<OpenedRetriever> {
  const logger = (message: string) => writeError(`${message}\n`);
  if (isUrl(source)) {
    throw new ConfigError('this needs an index directory or a corpus file, not a server', { where: source });
  }
  if (isWebSource(source)) return closing(await openWebRetriever({ source, environment }));
  const found = await stat(source).catch(() => undefined);
  if (found === undefined) {
    throw new ConfigError(
      'there is no such index directory or corpus file; build an index with: dgpo-retriever index CORPUS --out DIR',
      { where: source },
    );
  }
  if (found.isDirectory()) return loadRetriever({ directory: source, environment, logger });
  return createRetriever({ documents: await loadCorpus({ path: source, signal }), logger, signal });
}

/**
 * Gives `use` what {@link openLocalRetriever} opens, or a client of a server when the source is a URL, and closes it afterwards.
 */
export async function withRetriever<Result>(
  { source, token }: { source: string; token?: string },
  surroundings: CliSurroundings,
  use: (retriever: OpenedRetriever) => Promise<Result>,
): Promise<Result> {
  const retriever = isUrl(source)
    ? closing(createRetrieverClient({ url: source, ...(token !== undefined && { token }) }))
    : await openLocalRetriever(source, surroundings);
  try {
    return await use(retriever);
  } finally {
    await retriever.close();
  }
}
