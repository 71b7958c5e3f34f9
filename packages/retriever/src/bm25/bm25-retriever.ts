import { answerQueries } from '../answer-queries.js';
import { fingerprintCorpus, fingerprintIndex } from '../corpus/fingerprint.js';
import type { Document, IndexedRetriever } from '../retriever.js';
import { writeIndexDirectory } from '../store/index-directory.js';
import { writeBm25Files } from './bm25-files.js';
import { type Bm25Index, type Bm25Settings, createBm25Index } from './bm25-index.js';

/** A retriever over a BM25 index of these passages. */
export function wrapBm25Index({
  documents,
  index,
}: {
  documents: readonly Document[];
  index: Bm25Index;
}): IndexedRetriever {
  const kind = 'bm25';
  const settings = { ...index.settings };
  const corpusFingerprint = fingerprintCorpus(documents);
  const fingerprint = fingerprintIndex({ corpus: corpusFingerprint, settings: { kind, ...settings } });
  return {
    kind,
    documents: documents.length,
    fingerprint,
    retrieve: (options) =>
      answerQueries({
        ...options,
        documents,
        search: (queries) => queries.map((query) => index.search({ query, topK: options.topK })),
      }),
    save: (directory) =>
      writeIndexDirectory({
        directory,
        kind,
        settings,
        fingerprint,
        documents,
        corpusFingerprint,
        writeFiles: (target) => writeBm25Files({ directory: target, postings: index.postings }),
      }),
    close: async () => undefined,
  };
}

/**
 * A BM25 retriever over passages in memory; same passages and settings, same answers. A query that shares no word with any
 * passage gets an empty list.
 * @throws ConfigError for settings outside their range.
 */
export function createBm25Retriever(options: { documents: readonly Document[] } & Bm25Settings): IndexedRetriever {
  return wrapBm25Index({ documents: options.documents, index: createBm25Index(options) });
}
