import { requireTopK } from '../require-top-k.js';
import type { Match } from '../top-k.js';
import { type Bm25Settings, lengthNorms } from './bm25-settings.js';
import { countWords, weighTerm } from './lexical-index.js';
import { createSearchMemory } from './score-postings.js';
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

interface MemoryTerm extends TermSummary {
  first: number;
}

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
  const bounds = new Float64Array(terms.length);
  for (let id = 0; id < terms.length; id++) {
    termIds.set(terms[id] as string, id);
    bounds[id] = largestPart(postings, norms, offsets[id] as number, offsets[id + 1] as number);
  }

  return ({ query, topK }) => {
    requireTopK(topK);
    const queryTerms: QueryTerm<MemoryTerm>[] = [];
    for (const [word, occurrences] of countWords(query)) {
      const id = termIds.get(word);
      if (id === undefined) continue;
      const first = offsets[id] as number;
      const end = offsets[id + 1] as number;
      const term = {
        count: end - first,
        bound: bounds[id] as number,
        lastDocuments: documents.subarray(end - 1, end),
        first,
      };
      queryTerms.push(weighTerm({ term, occurrences, size, idf: settings.idf }));
    }
    const search = searchTerms({ memory, terms: queryTerms, topK: Math.min(topK, Math.max(size, 1)) });
    let step = search.next();
    while (!step.done) {
      const { first, count } = step.value.term;
      step = search.next([{ documents, frequencies, start: first, end: first + count }]);
    }
    return step.value;
  };
}
