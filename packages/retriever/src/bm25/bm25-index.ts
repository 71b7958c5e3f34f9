import { ConfigError } from '@dgpo/trajectory';
import { requireTopK } from '../require-top-k.js';
import type { Document } from '../retriever.js';
import { type Match, selectTopK } from '../top-k.js';
import { words } from '../words.js';

export interface Bm25Settings {
  /**
   * How fast repeated occurrences of a word saturate.
   * @default 0.9
   */
  k1?: number;
  /**
   * How much long passages are marked down, from 0 (not at all) to 1 (in full proportion).
   * @default 0.4
   */
  b?: number;
  /**
   * The inverse document frequency, N passages of which n hold the word:
   * `lucene` is ln(1 + (N - n + ½) / (n + ½)); `robertson` is max(0, ln((N - n + ½) / (n + ½))), so that words in more than
   * half of the passages count nothing.
   * @default 'lucene'
   */
  idf?: 'lucene' | 'robertson';
}

/** The inverted index in compressed-row form: the postings of term t are the entries `offsets[t] .. offsets[t + 1]`. */
export interface Bm25Postings {
  /** Terms in order of first occurrence. */
  terms: readonly string[];
  /** `[terms + 1]` */
  offsets: Uint32Array;
  /** `[postings]` passage positions, ascending within a term. */
  documents: Uint32Array;
  /** `[postings]` occurrences of the term in the passage. */
  frequencies: Uint32Array;
  /** `[documents]` length of each passage in words. */
  lengths: Uint32Array;
}

export interface Bm25Index {
  readonly size: number;
  readonly settings: Required<Bm25Settings>;
  readonly postings: Bm25Postings;
  /** Passages that share a word of positive weight with the query, best first; equal scores in corpus order. */
  search(options: { query: string; topK: number }): Match[];
}

/** @throws ConfigError for settings outside their range. */
function resolveBm25Settings({ k1 = 0.9, b = 0.4, idf = 'lucene' }: Bm25Settings): Required<Bm25Settings> {
  if (!Number.isFinite(k1) || k1 < 0) throw new ConfigError(`BM25 k1 must be a number of at least 0, not ${k1}`);
  if (!(b >= 0 && b <= 1)) throw new ConfigError(`BM25 b must lie between 0 and 1, not ${b}`);
  if (idf !== 'lucene' && idf !== 'robertson') {
    throw new ConfigError(`BM25 idf must be "lucene" or "robertson", not ${JSON.stringify(idf)}`);
  }
  return { k1, b, idf };
}

function collectPostings(documents: readonly Pick<Document, 'contents'>[]): Bm25Postings {
  const termIds = new Map<string, number>();
  const lengths = new Uint32Array(documents.length);
  const postingsPerTerm: number[] = [];
  const lastPosting: number[] = [];
  let entryTerms = new Uint32Array(1 << 16);
  let entryFrequencies = new Uint32Array(1 << 16);
  const firstEntry = new Uint32Array(documents.length + 1);
  let entries = 0;
  for (const [position, { contents }] of documents.entries()) {
    firstEntry[position] = entries;
    const tokens = words(contents);
    lengths[position] = tokens.length;
    for (const token of tokens) {
      let term = termIds.get(token);
      if (term === undefined) {
        term = termIds.size;
        termIds.set(token, term);
        postingsPerTerm.push(0);
        lastPosting.push(-1);
      }
      const last = lastPosting[term] as number;
      // An entry from before this passage began belongs to an earlier passage.
      if (last >= (firstEntry[position] as number)) {
        entryFrequencies[last] = (entryFrequencies[last] as number) + 1;
        continue;
      }
      if (entries === entryTerms.length) {
        const grow = (array: Uint32Array) => {
          const larger = new Uint32Array(array.length * 2);
          larger.set(array);
          return larger;
        };
        entryTerms = grow(entryTerms);
        entryFrequencies = grow(entryFrequencies);
      }
      entryTerms[entries] = term;
      entryFrequencies[entries] = 1;
      lastPosting[term] = entries;
      postingsPerTerm[term] = (postingsPerTerm[term] as number) + 1;
      entries++;
    }
  }
  firstEntry[documents.length] = entries;

  // Counting sort by term; within a term passages stay in corpus order.
  const offsets = new Uint32Array(termIds.size + 1);
  for (const [term, count] of postingsPerTerm.entries()) offsets[term + 1] = (offsets[term] as number) + count;
  const next = offsets.slice();
  const postingDocuments = new Uint32Array(entries);
  const frequencies = new Uint32Array(entries);
  for (let position = 0; position < documents.length; position++) {
    const end = firstEntry[position + 1] as number;
    for (let entry = firstEntry[position] as number; entry < end; entry++) {
      const term = entryTerms[entry] as number;
      const slot = next[term] as number;
      next[term] = slot + 1;
      postingDocuments[slot] = position;
      frequencies[slot] = entryFrequencies[entry] as number;
    }
  }
  return { terms: [...termIds.keys()], offsets, documents: postingDocuments, frequencies, lengths };
}

/** Completes stored postings to an index. */
export function openBm25Index({ postings, ...options }: { postings: Bm25Postings } & Bm25Settings): Bm25Index {
  const settings = resolveBm25Settings(options);
  const { k1, b, idf } = settings;
  const { terms, offsets, documents, frequencies, lengths } = postings;
  const size = lengths.length;
  const termIds = new Map(terms.map((term, index) => [term, index]));
  const averageLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(size, 1);
  const norms = Float64Array.from(lengths, (length) => k1 * (1 - b + (b * length) / (averageLength || 1)));

  // The whole score of a word in a passage is known before any query ("eager scoring"): searching only adds.
  const weights = new Float64Array(documents.length);
  for (let term = 0; term < terms.length; term++) {
    const start = offsets[term] as number;
    const end = offsets[term + 1] as number;
    const odds = (size - (end - start) + 0.5) / (end - start + 0.5);
    const termWeight = idf === 'lucene' ? Math.log(1 + odds) : Math.max(0, Math.log(odds));
    for (let entry = start; entry < end; entry++) {
      const frequency = frequencies[entry] as number;
      weights[entry] = (termWeight * frequency) / (frequency + (norms[documents[entry] as number] as number));
    }
  }

  const scores = new Float64Array(size);
  return {
    size,
    settings,
    postings,
    search({ query, topK }) {
      requireTopK(topK);
      scores.fill(0);
      for (const word of words(query)) {
        const term = termIds.get(word);
        if (term === undefined) continue;
        const end = offsets[term + 1] as number;
        for (let entry = offsets[term] as number; entry < end; entry++) {
          const position = documents[entry] as number;
          scores[position] = (scores[position] as number) + (weights[entry] as number);
        }
      }
      return selectTopK(scores, topK, 0);
    },
  };
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
  ...settings
}: { documents: readonly Pick<Document, 'contents'>[] } & Bm25Settings): Bm25Index {
  return openBm25Index({ postings: collectPostings(documents), ...resolveBm25Settings(settings) });
}
