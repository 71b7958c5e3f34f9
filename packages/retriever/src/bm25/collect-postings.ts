import { words } from '../words.js';
import { createFrequencies } from './score-postings.js';

/** Passages as an inverted index: the postings of term t are the entries `offsets[t] .. offsets[t + 1]`. */
export interface CollectedPostings {
  /** Terms in order of first occurrence. */
  terms: readonly string[];
  /** `[terms + 1]` */
  offsets: Uint32Array;
  /** `[postings]` passage positions, counted from the first passage collected, ascending within a term. */
  documents: Uint32Array;
  /** `[postings]` occurrences of the term in the passage. */
  frequencies: Uint8Array | Uint32Array;
  /** `[passages]` length of each passage in words. */
  lengths: Uint32Array;
}

/** About what a term of average length costs in the map, beside its characters. */
const bytesPerTerm = 120;

function grow(array: Uint32Array) {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** Gathers the postings of passages in memory, one passage after the other. */
export function createPostingsCollector() {
  const termIds = new Map<string, number>();
  const postingsPerTerm: number[] = [];
  const lastPosting: number[] = [];
  let entryTerms = new Uint32Array(1 << 12);
  let entryFrequencies = new Uint32Array(1 << 12);
  let firstEntry = new Uint32Array(1 << 10);
  let lengths = new Uint32Array(1 << 10);
  let passages = 0;
  let entries = 0;
  let largestFrequency = 1;
  return {
    get passages() {
      return passages;
    },
    /** About how many bytes the postings take now, and again as many while they are put in order. */
    get bytes() {
      return 8 * entries + bytesPerTerm * termIds.size + 8 * passages;
    },
    /** Adds the next passage. */
    add(contents: string): void {
      if (passages === lengths.length) {
        lengths = grow(lengths);
        firstEntry = grow(firstEntry);
      }
      const start = entries;
      firstEntry[passages] = start;
      const tokens = words(contents);
      lengths[passages] = tokens.length;
      passages++;
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
        if (last >= start) {
          const frequency = (entryFrequencies[last] as number) + 1;
          entryFrequencies[last] = frequency;
          if (frequency > largestFrequency) largestFrequency = frequency;
          continue;
        }
        if (entries === entryTerms.length) {
          entryTerms = grow(entryTerms);
          entryFrequencies = grow(entryFrequencies);
        }
        entryTerms[entries] = term;
        entryFrequencies[entries] = 1;
        lastPosting[term] = entries;
        postingsPerTerm[term] = (postingsPerTerm[term] as number) + 1;
        entries++;
      }
    },
    /** The postings of all passages added, in order. */
    collect(): CollectedPostings {
      // Counting sort by term; within a term passages stay in corpus order.
      const offsets = new Uint32Array(termIds.size + 1);
      for (const [term, count] of postingsPerTerm.entries()) offsets[term + 1] = (offsets[term] as number) + count;
      const next = offsets.slice();
      const documents = new Uint32Array(entries);
      const frequencies = createFrequencies(entries, largestFrequency);
      for (let position = 0; position < passages; position++) {
        const end = position + 1 < passages ? (firstEntry[position + 1] as number) : entries;
        for (let entry = firstEntry[position] as number; entry < end; entry++) {
          const term = entryTerms[entry] as number;
          const slot = next[term] as number;
          next[term] = slot + 1;
          documents[slot] = position;
          frequencies[slot] = entryFrequencies[entry] as number;
        }
      }
      return { terms: [...termIds.keys()], offsets, documents, frequencies, lengths: lengths.slice(0, passages) };
    },
  };
}
