import type { Document } from '../retriever.js';
import type { Match } from '../top-k.js';
import { type Bm25Settings, resolveBm25Settings } from './bm25-settings.js';
import { createPostingsCollector } from './collect-postings.js';
import { createMemorySearch } from './memory-index.js';

export interface Bm25Index {
  /** Number of passages. */
  readonly size: number;
  readonly settings: Required<Bm25Settings>;
  /**
   * Passages that share a word of positive weight with the query, best first; equal scores in corpus order.
   * @throws ConfigError unless `topK` is an integer of at least 1.
   */
  search(options: { query: string; topK: number }): Match[];
}

/**
 * Builds a BM25 index in memory. The score of passage d for query q sums, over every word of q with repetition,
 * idf · f / (f + k1 · (1 - b + b · |d| / average |d|)), f being the word's occurrences in d: the form without the constant
 * factor (k1 + 1), as in Lucene 8 and later and in `bm25s`, with exact passage lengths ("Lucene (accurate)" of Kamphuis et
 * al., "Which BM25 Do You Mean?", ECIR 2020, https://doi.org/10.1007/978-3-030-45442-5_4). k1 and b default to Anserini's.
 * @throws ConfigError for settings outside their range.
 */
export function createBm25Index({
  documents,
  ...options
}: { documents: readonly Pick<Document, 'contents'>[] } & Bm25Settings): Bm25Index {
  const settings = resolveBm25Settings(options);
  const collector = createPostingsCollector();
  for (const { contents } of documents) collector.add(contents);
  return {
    size: documents.length,
    settings,
    search: createMemorySearch({ postings: collector.collect(), settings }),
  };
}
