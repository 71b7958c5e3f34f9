import type { Match } from '../top-k.js';

/** A stretch of a posting list: the entries `start .. end` of two arrays. */
export interface Postings {
  /** Passage positions, ascending. */
  documents: Uint32Array;
  frequencies: Uint8Array | Uint32Array;
  start: number;
  end: number;
}

/** Room for frequencies: one byte each where that is enough, as it nearly always is. */
export const createFrequencies = (count: number, largest: number) =>
  largest < 256 ? new Uint8Array(count) : new Uint32Array(count);

/** What is known of a word before its postings are read. */
export interface TermSummary {
  /** How many passages hold the word. */
  readonly count: number;
  /** No f / (f + norm) among its postings is larger. */
  readonly bound: number;
  /** `[blocks]` the last passage of each block that the postings are read in. */
  readonly lastDocuments: Uint32Array;
}

/** A word of the query. */
export interface QueryTerm<Term extends TermSummary> {
  term: Term;
  /** Its inverse document frequency times its occurrences in the query. */
  weight: number;
}

/** Asks for blocks of the postings of a word; the answer has them in this order. */
export interface PostingsRequest<Term extends TermSummary> {
  term: Term;
  blocks: readonly number[];
}

/** So many blocks are asked for at once, so that a word of millions of passages is never in memory as a whole. */
const blocksPerRequest = 32;

/** Cover the rounding of sums in bounds and in scores, so that nothing is left out that may tie. */
const slack = 1 + 1e-9;
const exact = 1 + 1e-12;

/** Memory of one search at a time over `norms.length` passages. */
export interface SearchMemory {
  /** `[passages]` see `lengthNorms`. */
  norms: Float64Array;
  /** `[passages]` zero between searches. */
  scores: Float64Array;
  /** `[passages]` the passages whose score is not zero. */
  touched: Uint32Array;
}

export const createSearchMemory = (norms: Float64Array): SearchMemory => ({
  norms,
  scores: new Float64Array(norms.length),
  touched: new Uint32Array(norms.length),
});

/**
 * Adds a word's part to every passage that holds it; to one that was not touched yet only where the part is at least `entry`.
 * Returns how many passages are touched now.
 */
function addToAll(
  { norms, scores, touched }: SearchMemory,
  { documents, frequencies, start, end }: Postings,
  { weight, entry, count: touchedBefore }: { weight: number; entry: number; count: number },
): number {
  let count = touchedBefore;
  for (let item = start; item < end; item++) {
    const position = documents[item] as number;
    const frequency = frequencies[item] as number;
    const score = scores[position] as number;
    const part = weight * (frequency / (frequency + (norms[position] as number)));
    if (score === 0) {
      if (part < entry || part === 0) continue;
      touched[count++] = position;
    }
    scores[position] = score + part;
  }
  return count;
}

/** Adds a word's part to the touched passages that hold it. */
function addToTouched(
  { norms, scores }: SearchMemory,
  { documents, frequencies, start, end }: Postings,
  weight: number,
): void {
  for (let item = start; item < end; item++) {
    const position = documents[item] as number;
    const score = scores[position] as number;
    if (score === 0) continue;
    const frequency = frequencies[item] as number;
    scores[position] = score + weight * (frequency / (frequency + (norms[position] as number)));
  }
}

/** Adds a word's part to those of the ascending `candidates` from `first` on that lie in these postings. */
function addToCandidates(
  { norms, scores }: SearchMemory,
  { documents, frequencies, start, end }: Postings,
  weight: number,
  candidates: Uint32Array,
  first: number,
): void {
  let low = start;
  for (let item = first; item < candidates.length && low < end; item++) {
    const position = candidates[item] as number;
    let step = 1;
    let high = low;
    while (high < end && (documents[high] as number) < position) {
      low = high + 1;
      high += step;
      step *= 2;
    }
    if (high > end) high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((documents[middle] as number) < position) low = middle + 1;
      else high = middle;
    }
    if (low < end && documents[low] === position) {
      const frequency = frequencies[low] as number;
      scores[position] =
        (scores[position] as number) + weight * (frequency / (frequency + (norms[position] as number)));
    }
  }
}

/** The topK-th highest score of these passages; 0 where they are fewer. */
function thresholdOf(scores: Float64Array, positions: Uint32Array, topK: number): number {
  if (positions.length < topK) return 0;
  // A min-heap of the highest scores; its root is the answer.
  const heap = new Float64Array(topK);
  for (let item = 0; item < topK; item++) {
    const score = scores[positions[item] as number] as number;
    let child = item;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if ((heap[parent] as number) <= score) break;
      heap[child] = heap[parent] as number;
      child = parent;
    }
    heap[child] = score;
  }
  let bar = heap[0] as number;
  for (let item = topK; item < positions.length; item++) {
    const score = scores[positions[item] as number] as number;
    if (score <= bar) continue;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= topK) break;
      if (child + 1 < topK && (heap[child + 1] as number) < (heap[child] as number)) child++;
      if ((heap[child] as number) >= score) break;
      heap[parent] = heap[child] as number;
      parent = child;
    }
    heap[parent] = score;
    bar = heap[0] as number;
  }
  return bar;
}

/** The best `topK` of these passages; equal scores in corpus order. */
function rank(scores: Float64Array, positions: Uint32Array, topK: number): Match[] {
  const threshold = thresholdOf(scores, positions, topK);
  const best: Match[] = [];
  const equal = new Uint32Array(positions.length);
  let ties = 0;
  for (let item = 0; item < positions.length; item++) {
    const index = positions[item] as number;
    const score = scores[index] as number;
    if (score > threshold) best.push({ index, score });
    else if (score === threshold) equal[ties++] = index;
  }
  best.sort((left, right) => right.score - left.score || left.index - right.index);
  for (const index of equal
    .subarray(0, ties)
    .sort()
    .subarray(0, topK - best.length)) {
    best.push({ index, score: threshold });
  }
  return best;
}

/** Keeps the first `count` touched passages with scores of at least `needed`; the others are forgotten. Returns how many. */
function keepAtLeast({ scores, touched }: SearchMemory, count: number, needed: number): number {
  let kept = 0;
  for (let item = 0; item < count; item++) {
    const position = touched[item] as number;
    if ((scores[position] as number) >= needed) touched[kept++] = position;
    else scores[position] = 0;
  }
  return kept;
}

/** The blocks in which any of the ascending candidates may lie, each with its first candidate. */
function blocksOf(lastDocuments: Uint32Array, candidates: Uint32Array) {
  const blocks: number[] = [];
  const firsts: number[] = [];
  let item = 0;
  for (let block = 0; block < lastDocuments.length && item < candidates.length; block++) {
    const last = lastDocuments[block] as number;
    if ((candidates[item] as number) > last) continue;
    blocks.push(block);
    firsts.push(item);
    if (block === lastDocuments.length - 1) break;
    while (item < candidates.length && (candidates[item] as number) <= last) item++;
  }
  return { blocks, firsts };
}

/** Looking a passage up among sorted ones costs about as much as reading so many postings. */
const postingsPerLookup = 24;

/** The words of a query from the rarest on, and what the words from each on can add to a score at most. */
function planSearch<Term extends TermSummary>(terms: readonly QueryTerm<Term>[]) {
  const order = terms
    .filter(({ weight, term }) => weight > 0 && term.bound > 0)
    .sort((left, right) => left.term.count - right.term.count);
  const remaining = new Float64Array(order.length + 1);
  for (let place = order.length - 1; place >= 0; place--) {
    const { weight, term } = order[place] as QueryTerm<Term>;
    remaining[place] = (remaining[place + 1] as number) + weight * term.bound * slack;
  }
  return { order, remaining };
}

function forget({ scores, touched }: SearchMemory, count: number): void {
  if (count > scores.length / 8) scores.fill(0);
  else for (let item = 0; item < count; item++) scores[touched[item] as number] = 0;
}

/**
 * Finds the best passages for a query, word by word from the rarest on: MaxScore (Turtle and Flood, "Query Evaluation:
 * Strategies and Optimizations", 1995, https://doi.org/10.1016/0306-4573(95)00020-H), term at a time. The topK-th score so far
 * is a threshold: passages that the words left over cannot lift to it are not taken up, or forgotten; and as soon as those words
 * alone cannot reach it, only passages already found are looked up in their postings. Every passage that is returned has its
 * whole score, summed from the rarest word to the most frequent, so that neither `topK` nor where the postings lie changes a bit
 * of it.
 *
 * A generator, so that postings come from memory at once or from disk later: it yields requests and is sent the answers.
 */
export function* searchTerms<Term extends TermSummary>({
  memory,
  terms,
  topK,
}: {
  memory: SearchMemory;
  terms: readonly QueryTerm<Term>[];
  topK: number;
}): Generator<PostingsRequest<Term>, Match[], readonly Postings[]> {
  const { scores, touched } = memory;
  const { order, remaining } = planSearch(terms);
  let count = 0;
  let threshold = 0;
  let sorted = false;
  try {
    for (const [place, { term, weight }] of order.entries()) {
      const rest = remaining[place] as number;
      // Finding the threshold costs about what a short list costs.
      if (count >= topK && term.count > count) {
        threshold = Math.max(threshold, thresholdOf(scores, touched.subarray(0, count), topK) / exact);
        count = keepAtLeast(memory, count, threshold - rest);
      }
      const onlyTouched = rest < threshold;
      const lookUp = onlyTouched && count * postingsPerLookup < term.count;
      const candidates = touched.subarray(0, count);
      if (lookUp && !sorted) candidates.sort();
      sorted ||= lookUp;
      const { blocks, firsts } = lookUp
        ? blocksOf(term.lastDocuments, candidates)
        : { blocks: Array.from(term.lastDocuments.keys()), firsts: [] };
      const entry = threshold - (remaining[place + 1] as number);
      for (let first = 0; first < blocks.length; first += blocksPerRequest) {
        const answer = yield { term, blocks: blocks.slice(first, first + blocksPerRequest) };
        for (const [offset, postings] of answer.entries()) {
          if (lookUp) addToCandidates(memory, postings, weight, candidates, firsts[first + offset] as number);
          else if (onlyTouched) addToTouched(memory, postings, weight);
          else count = addToAll(memory, postings, { weight, entry, count });
        }
      }
    }
    return rank(scores, touched.subarray(0, count), topK);
  } finally {
    forget(memory, count);
  }
}
