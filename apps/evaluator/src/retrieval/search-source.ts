import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildIndex, loadRetriever, readCorpus } from '@dgpo/retriever';
import type { RetrieverSource } from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';

/** What is searched, for results. */
export interface CorpusFacts {
  name: string;
  /** Absent behind a server. */
  passages?: number;
  /** SHA-256 over corpus and settings of the index, absent behind a server. */
  fingerprint?: string;
  /** Of the server. */
  url?: string;
}

/** Where questions are searched, and what is known of it. */
export interface SearchSource {
  retriever: RetrieverSource;
  corpus: CorpusFacts;
  /** Of the index, where it is here. */
  directory?: string;
  /** Removes what was made for it. */
  close(): Promise<void>;
}

export interface OpenSearchSourceOptions {
  /** Index directory. */
  index?: string | undefined;
  /** Address of a Search-R1 `/retrieve` server. */
  url?: string | undefined;
  /** A corpus, searched by BM25 in an index that lasts as long as the evaluation. */
  corpus?: string | undefined;
  /** @default the name of the folder or file, or the address */
  name?: string | undefined;
  /** Show other passages than the ones found; needs an index or a corpus. @default no */
  shuffleSeed?: number | undefined;
  signal?: AbortSignal | undefined;
}

const keepNothing = async () => undefined;

async function openDirectory(directory: string, name: string, shuffleSeed: number | undefined): Promise<SearchSource> {
  // Opened once before any work, so that a damaged index is found here; players open it anew.
  const opened = await loadRetriever({ directory });
  await opened.close();
  const { documents: passages, fingerprint } = opened;
  return {
    retriever: { directory, ...(shuffleSeed === undefined ? {} : { shuffleSeed }) },
    corpus: { name, passages, fingerprint },
    directory,
    close: keepNothing,
  };
}

/**
 * Where questions are searched: an index, a server or a corpus; undefined without any.
 * @throws ConfigError for more than one of them; DatasetError and RetrieverError for one that cannot be read
 */
export async function openSearchSource(options: OpenSearchSourceOptions): Promise<SearchSource | undefined> {
  const { index, url, corpus, shuffleSeed, signal } = options;
  if ([index, url, corpus].filter((source) => source !== undefined).length > 1) {
    throw new ConfigError('give either --index DIR or --url URL or --corpus FILE');
  }
  if (shuffleSeed !== undefined && index === undefined && corpus === undefined) {
    throw new ConfigError('--shuffle-passages needs --index or --corpus');
  }
  if (url !== undefined) {
    return { retriever: { url }, corpus: { name: options.name ?? url, url }, close: keepNothing };
  }
  if (index !== undefined) return openDirectory(index, options.name ?? basename(index), shuffleSeed);
  if (corpus === undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'dgpo-eval-index-'));
  const close = () => rm(directory, { recursive: true, force: true });
  try {
    const built = join(directory, 'index');
    const reading = { path: corpus, ...(signal === undefined ? {} : { signal }) };
    await buildIndex({ documents: readCorpus(reading), directory: built, ...(signal === undefined ? {} : { signal }) });
    return { ...(await openDirectory(built, options.name ?? basename(corpus), shuffleSeed)), close };
  } catch (error) {
    await close();
    throw error;
  }
}
