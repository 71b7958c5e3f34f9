import { isDgpoError, RetrieverError } from '@dgpo/trajectory';
import { z } from 'zod';
import { type OpenBm25Options, openBm25 } from './bm25/open-bm25.js';
import { composeRetriever, type RetrieverParts } from './compose-retriever.js';
import { createCorpusHasher } from './corpus/fingerprint.js';
import { readCorpus } from './corpus/read-corpus.js';
import { openEncoder } from './encode/open-encoder.js';
import type { Document, IndexedRetriever } from './retriever.js';
import { openDocumentStore } from './store/document-store.js';
import { type IndexManifest, readIndexDirectory } from './store/index-manifest.js';
import { openVectorIndex, type VectorSurroundings } from './vector/open-vector-index.js';

export interface LoadRetrieverOptions extends VectorSurroundings {
  /** A directory that `buildIndex` or `dgpo-retriever index` wrote. */
  directory: string;
  /** The corpus the index is expected to be of: a file or the passages themselves. Without it nothing is compared. */
  corpus?: string | readonly Document[];
  /**
   * Whether every file is compared with its SHA-256; sizes always are.
   * @default true for an index up to 1 GiB
   */
  verify?: boolean;
  /** Whether the postings of BM25 are read into memory. */
  bm25?: Pick<OpenBm25Options, 'residence'>;
}

async function requireCorpus(
  corpus: string | readonly Document[],
  manifest: IndexManifest,
  directory: string,
): Promise<void> {
  const hash = createCorpusHasher();
  for await (const document of typeof corpus === 'string' ? readCorpus({ path: corpus }) : corpus) hash.add(document);
  if (hash.digest().toString('hex') === manifest.corpus.fingerprint) return;
  const name = typeof corpus === 'string' ? corpus : 'the one given';
  throw new RetrieverError(
    `this index of ${manifest.corpus.documents} passages is of another corpus than ${name} ` +
      '(the SHA-256 of ids and contents differs); build the index anew',
    { where: directory },
  );
}

function describe(cause: unknown): string {
  const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
  if (issue !== undefined) return `${issue.path.join('.')}: ${issue.message}`;
  return cause instanceof Error ? cause.message : String(cause);
}

/**
 * Opens an index directory; nothing else is needed, the passages lie in it.
 * @throws RetrieverError when there is no index, it is damaged or of another version, or it is not of the given `corpus`;
 * ConfigError when it needs an optional package or a key that is not there.
 */
export async function loadRetriever({
  corpus,
  verify,
  bm25,
  ...options
}: LoadRetrieverOptions): Promise<IndexedRetriever> {
  const { directory } = options;
  const manifest = await readIndexDirectory({ directory, ...(verify !== undefined && { verify }) });
  if (corpus !== undefined) await requireCorpus(corpus, manifest, directory);
  const { kind, settings } = manifest;
  const opened: { close(): Promise<void> }[] = [];
  const keep = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    opened.push(part);
    return part;
  };
  try {
    const store = keep(await openDocumentStore({ directory }));
    if (store.fingerprint !== manifest.corpus.fingerprint || store.size !== manifest.corpus.documents) {
      throw new RangeError('its passages are not those that the manifest names');
    }
    const parts: Pick<RetrieverParts, 'lexical' | 'vectors'> = {};
    if (settings.bm25) {
      parts.lexical = keep(await openBm25({ directory, ...bm25 }));
      const { k1, b, idf } = parts.lexical.settings;
      if (k1 !== settings.bm25.k1 || b !== settings.bm25.b || idf !== settings.bm25.idf) {
        throw new RangeError('its BM25 files have other settings than the manifest names');
      }
    }
    if (settings.vectors) {
      const encoder = await openEncoder({
        settings: settings.vectors.encoder,
        directory,
        ...(options.environment && { environment: options.environment }),
      });
      const index = keep(await openVectorIndex({ ...options, vectors: settings.vectors }));
      parts.vectors = { encoder, index };
    }
    return composeRetriever({ kind, settings, store, ...parts });
  } catch (cause) {
    for (const part of opened) await part.close();
    if (isDgpoError(cause)) throw cause;
    throw new RetrieverError(`the index is damaged (${describe(cause)}); build it anew`, { where: directory, cause });
  }
}
