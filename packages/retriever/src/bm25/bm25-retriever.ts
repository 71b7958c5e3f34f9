import { answerQueries } from '../answer-queries.js';
import { fingerprintCorpus, fingerprintIndex } from '../corpus/fingerprint.js';
import type { Document, IndexedRetriever } from '../retriever.js';
import { writeIndexDirectory } from '../store/index-directory.js';
import { createBm25Index } from './bm25-index.js';
import type { Bm25Settings } from './bm25-settings.js';
import { createBm25Writer } from './bm25-writer.js';
import type { LexicalIndex } from './lexical-index.js';

/** A retriever over a BM25 index of these passages. */
export function wrapBm25Index({
  documents,
  index,
}: {
  documents: readonly Document[];
  index: Pick<LexicalIndex, 'settings' | 'search'>;
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
      answerQueries({ ...options, documents, search: (queries) => index.search({ queries, topK: options.topK }) }),
    save: (directory) =>
      writeIndexDirectory({
        directory,
        kind,
        settings,
        fingerprint,
        documents,
        corpusFingerprint,
        async writeFiles(target) {
          const writer = createBm25Writer({ directory: target, ...settings });
          for (const document of documents) writer.add(document);
          await writer.finish();
        },
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
  const { settings, search } = createBm25Index(options);
  return wrapBm25Index({
    documents: options.documents,
    index: { settings, search: ({ queries, topK }) => queries.map((query) => search({ query, topK })) },
  });
}
