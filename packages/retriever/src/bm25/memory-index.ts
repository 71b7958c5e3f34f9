import { requireTopK } from '../require-top-k.js';
import type { Match } from '../top-k.js';
import { type Bm25Settings, lengthNorms } from './bm25-settings.js';
import { countWords, weighTerm } from './lexical-index.js';
import { createFrequencies, createSearchMemory } from './score-postings.js';
import { type QueryTerm, searchTerms, type TermSummary } from './search-terms.js';

/** The inverted index in memory: the postings of term t are the entries `offsets[t] .. offsets[t + 1]`. */
export interface MemoryPostings {
  /** Their order is that of `offsets`. */
  terms: readonly string[];
  /** `[terms + 1]` */
  offsets: Float64Array | Uint32Array;
  /** `[postings]` passage positions, ascending within a term. */
  documents: Uint32Array;
  /** `[postings]` occurrences of the term in the passage. */
  frequencies: Uint8Array | Uint32Array;
  /** `[passages]` length of each passage in words. */
  lengths: Uint32Array;
}

/** Words that at least one in so many passages holds are looked up in an array of all passages. */
const passagesPerDensePosting = 32;

const noBlocks = new Uint32Array(0);

export type MemorySearch = (options: { query: string; topK: number }) => Match[];

/** The largest f / (f + norm) of the postings `start .. end`. */
function largestPart({ documents, frequencies }: MemoryPostings, norms: Float64Array, start: number, end: number) {
  let largest = 0;
  for (let entry = start; entry < end; entry++) {
    const frequency = frequencies[entry] as number;
    const part = frequency / (frequency + (norms[documents[entry] as number] as number));
    if (part > largest) largest = part;
  }
  return largest;
}

/** `[passages]` the frequencies of the postings `start .. end`, 0 elsewhere. */
function frequenciesByPassage({ documents, frequencies, lengths }: MemoryPostings, start: number, end: number) {
  let largest = 1;
  for (let entry = start; entry < end; entry++) largest = Math.max(largest, frequencies[entry] as number);
  const byPassage = createFrequencies(lengths.length, largest);
  for (let entry = start; entry < end; entry++) byPassage[documents[entry] as number] = frequencies[entry] as number;
  return byPassage;
}

/** Completes postings in memory to something that answers at once. */
export function createMemorySearch({
  postings,
  settings,
}: {
  postings: MemoryPostings;
  settings: Required<Bm25Settings>;
}): MemorySearch {
  const { terms, offsets, documents, frequencies, lengths } = postings;
  const size = lengths.length;
  const norms = lengthNorms({ lengths, ...settings });
  const memory = createSearchMemory(norms);
  const termIds = new Map<string, number>();
  const dense = new Map<number, Uint8Array | Uint32Array>();
  const bounds = new Float64Array(terms.length);
  for (let id = 0; id < terms.length; id++) {
    termIds.set(terms[id] as string, id);
    const start = offsets[id] as number;
    const end = offsets[id + 1] as number;
    bounds[id] = largestPart(postings, norms, start, end);
    if ((end - start) * passagesPerDensePosting >= size) dense.set(id, frequenciesByPassage(postings, start, end));
  }

  return ({ query, topK }) => {
    requireTopK(topK);
    const queryTerms: QueryTerm<TermSummary>[] = [];
    for (const [word, occurrences] of countWords(query)) {
      const id = termIds.get(word);
      if (id === undefined) continue;
      const start = offsets[id] as number;
      const end = offsets[id + 1] as number;
      const resident = { documents, frequencies, start, end, dense: dense.get(id) };
      const term = { count: end - start, bound: bounds[id] as number, lastDocuments: noBlocks, resident };
      queryTerms.push(weighTerm({ term, occurrences, size, idf: settings.idf }));
    }
    // Nothing is asked for: all postings are at hand.
    const { value } = searchTerms({ memory, terms: queryTerms, topK: Math.min(topK, Math.max(size, 1)) }).next();
    return value as Match[];
  };
}
