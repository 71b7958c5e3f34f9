import type { Match } from '../top-k.js';
import { words } from '../words.js';
import { type Bm25Settings, inverseDocumentFrequency } from './bm25-settings.js';
import type { QueryTerm, TermSummary } from './search-terms.js';

/** An index that finds passages by their words. */
export interface LexicalIndex {
  /** Number of passages. */
  readonly size: number;
  readonly settings: Required<Bm25Settings>;
  /**
   * For each query the passages that share a word of positive weight with it, best first, at most `topK`; equal scores in
   * corpus order.
   * @throws ConfigError for a bad `topK`; RetrieverError when files of the index cannot be read.
   */
  search(options: { queries: readonly string[]; topK: number }): Match[][] | Promise<Match[][]>;
  /** Gives files and memory back. */
  close(): Promise<void>;
}

/** The different words of a query with their occurrences, in order of first occurrence. */
export function countWords(query: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words(query)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

export const weighTerm = <Term extends TermSummary>({
  term,
  occurrences,
  size,
  idf,
}: {
  term: Term;
  /** In the query. */
  occurrences: number;
  size: number;
  idf: Required<Bm25Settings>['idf'];
}): QueryTerm<Term> => ({ term, weight: occurrences * inverseDocumentFrequency({ size, count: term.count, idf }) });
