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

/** Memory of one search at a time. */
export interface SearchMemory {
  /** `[passages, 2]` the norm of each passage (see `lengthNorms`) and, where it is touched, its score: side by side in one cache line. */
  cells: Float64Array;
  smallestNorm: number;
  /** `[passages]` the passages that are touched. */
  touched: Uint32Array;
  /**
   * A bit for every passage, set where it is touched; all zero between searches. They fit the fastest cache, so that what is skipped
   * costs no other access.
   */
  marks: Int32Array;
}

export function createSearchMemory(norms: Float64Array): SearchMemory {
  const size = norms.length;
  const cells = new Float64Array(2 * size);
  let smallestNorm = Number.POSITIVE_INFINITY;
  for (let position = 0; position < size; position++) {
    const norm = norms[position] as number;
    cells[2 * position] = norm;
    if (norm < smallestNorm) smallestNorm = norm;
  }
  return { cells, smallestNorm, touched: new Uint32Array(size), marks: new Int32Array(Math.ceil(size / 32)) };
}

/** The smallest frequency whose part of a score can be `entry`. */
function smallestFrequency(weight: number, entry: number, smallestNorm: number): number {
  if (entry <= 0) return 0;
  return weight <= entry ? Number.POSITIVE_INFINITY : Math.floor((entry * smallestNorm) / (weight - entry) / slack);
}

/**
 * Adds a word's part to every passage that holds it; to one that was not touched yet only where the part is at least `entry`.
 * Returns how many passages are touched now.
 */
function addToAll(
  { cells, smallestNorm, touched, marks }: SearchMemory,
  { documents, frequencies, start, end }: Postings,
  { weight, entry, count: touchedBefore }: { weight: number; entry: number; count: number },
): number {
  const enough = smallestFrequency(weight, entry, smallestNorm);
  let count = touchedBefore;
  for (let item = start; item < end; item++) {
    const position = documents[item] as number;
    const bit = 1 << (position & 31);
    const mark = marks[position >>> 5] as number;
    const frequency = frequencies[item] as number;
    if ((mark & bit) !== 0) {
      cells[2 * position + 1] =
        (cells[2 * position + 1] as number) + weight * (frequency / (frequency + (cells[2 * position] as number)));
    } else if (frequency >= enough) {
      const part = weight * (frequency / (frequency + (cells[2 * position] as number)));
      if (part < entry || part === 0) continue;
      marks[position >>> 5] = mark | bit;
      touched[count++] = position;
      cells[2 * position + 1] = part;
    }
  }
  return count;
}

/** Adds a word's part to the touched passages that hold it. */
function addToTouched(
  { cells, marks }: SearchMemory,
  { documents, frequencies, start, end }: Postings,
  weight: number,
): void {
  for (let item = start; item < end; item++) {
    const position = documents[item] as number;
    if (((marks[position >>> 5] as number) & (1 << (position & 31))) === 0) continue;
    const frequency = frequencies[item] as number;
    cells[2 * position + 1] =
      (cells[2 * position + 1] as number) + weight * (frequency / (frequency + (cells[2 * position] as number)));
  }
}

/**
 * Where the first entry of at least `position` stands among `documents[low .. end]`: guessed from how densely they lie, then
 * found in growing steps from there and by halving.
 */
function findEntry(documents: Uint32Array, low: number, end: number, position: number, density: number): number {
  const ahead = position - (documents[low] as number);
  if (ahead <= 0) return low;
  const guess = Math.min(end - 1, low + Math.floor(ahead * density));
  let first = low;
  let last = guess;
  if ((documents[guess] as number) < position) {
    first = guess + 1;
    last = first;
    for (let step = 4; last < end && (documents[last] as number) < position; step *= 2) {
      first = last + 1;
      last += step;
    }
    if (last > end) last = end;
  } else {
    for (let step = 4; last - step > first; step *= 2) {
      if ((documents[last - step] as number) < position) {
        first = last - step + 1;
        break;
      }
      last -= step;
    }
  }
  while (first < last) {
    const middle = (first + last) >>> 1;
    if ((documents[middle] as number) < position) first = middle + 1;
    else last = middle;
  }
  return first;
}

/** Adds a word's part to those of the ascending `candidates` from `from` on that lie in these postings. */
function addToCandidates(
  { cells }: SearchMemory,
  { documents, frequencies, start, end }: Postings,
  { weight, candidates, from }: { weight: number; candidates: Uint32Array; from: number },
): void {
  const density = (end - start) / ((documents[end - 1] as number) - (documents[start] as number) + 1);
  let item = start;
  for (let candidate = from; candidate < candidates.length; candidate++) {
    const position = candidates[candidate] as number;
    item = findEntry(documents, item, end, position, density);
    if (item === end) return;
    if (documents[item] !== position) continue;
    const frequency = frequencies[item] as number;
    cells[2 * position + 1] =
      (cells[2 * position + 1] as number) + weight * (frequency / (frequency + (cells[2 * position] as number)));
  }
}

/** The topK-th highest score of these passages, at least topK of which have scores of at least `floor`. */
function thresholdOf(cells: Float64Array, positions: Uint32Array, topK: number, floor: number): number {
  // A min-heap of the highest scores; its root is the answer.
  const heap = new Float64Array(topK).fill(floor);
  let bar = floor;
  for (let item = 0; item < positions.length; item++) {
    const score = cells[2 * (positions[item] as number) + 1] as number;
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
function rank(cells: Float64Array, positions: Uint32Array, topK: number): Match[] {
  const threshold = positions.length < topK ? 0 : thresholdOf(cells, positions, topK, 0);
  const best: Match[] = [];
  const equal = new Uint32Array(positions.length);
  let ties = 0;
  for (let item = 0; item < positions.length; item++) {
    const index = positions[item] as number;
    const score = cells[2 * index + 1] as number;
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

/** Keeps those of the first `count` touched passages with scores of at least `needed`. Returns how many. */
function keepAtLeast({ cells, touched, marks }: SearchMemory, count: number, needed: number): number {
  let kept = 0;
  for (let item = 0; item < count; item++) {
    const position = touched[item] as number;
    if ((cells[2 * position + 1] as number) >= needed) touched[kept++] = position;
    else marks[position >>> 5] = (marks[position >>> 5] as number) & ~(1 << (position & 31));
  }
  return kept;
}

/** Takes the marks of the first `count` touched passages away. */
function clearMarks({ touched, marks }: SearchMemory, count: number): void {
  if (count > marks.length) marks.fill(0);
  else for (let item = 0; item < count; item++) marks[(touched[item] as number) >>> 5] = 0;
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
const postingsPerLookup = 32;

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

/** Adds the parts of a word to those of the ascending candidates that hold it. */
function* lookUpTerm<Term extends TermSummary>(
  memory: SearchMemory,
  { term, weight }: QueryTerm<Term>,
  candidates: Uint32Array,
): Generator<PostingsRequest<Term>, void, readonly Postings[]> {
  const { blocks, firsts } = blocksOf(term.lastDocuments, candidates);
  for (let first = 0; first < blocks.length; first += blocksPerRequest) {
    const answer = yield { term, blocks: blocks.slice(first, first + blocksPerRequest) };
    for (const [offset, postings] of answer.entries()) {
      addToCandidates(memory, postings, { weight, candidates, from: firsts[first + offset] as number });
    }
  }
}

/** The whole score that the best `topK` passages so far reach at least, once the words left over are looked up for them. */
function* sureThreshold<Term extends TermSummary>(
  memory: SearchMemory,
  left: readonly QueryTerm<Term>[],
  best: readonly Match[],
): Generator<PostingsRequest<Term>, number, readonly Postings[]> {
  const { cells } = memory;
  const candidates = Uint32Array.from(best, ({ index }) => index).sort();
  for (const term of left) yield* lookUpTerm(memory, term, candidates);
  let smallest = Number.POSITIVE_INFINITY;
  for (const { index, score } of best) {
    smallest = Math.min(smallest, cells[2 * index + 1] as number);
    // They get their parts again, in turn with all others.
    cells[2 * index + 1] = score;
  }
  return smallest / exact;
}

/**
 * Finds the best passages for a query, word by word from the rarest on: MaxScore (Turtle and Flood, "Query Evaluation:
 * Strategies and Optimizations", 1995, https://doi.org/10.1016/0306-4573(95)00020-H), term at a time. The topK-th score so far
 * is a threshold, raised once by looking up all words for the best so far: passages that the words left over cannot lift to it are not taken up, or forgotten; and as soon as those words
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
  const { cells, touched } = memory;
  const { order, remaining } = planSearch(terms);
  let count = 0;
  let threshold = 0;
  let sorted = false;
  let sure = false;
  try {
    for (const [place, { term, weight }] of order.entries()) {
      const rest = remaining[place] as number;
      // Finding the threshold costs about what a short list costs.
      if (count >= topK && term.count > count) {
        const found = touched.subarray(0, count);
        threshold = thresholdOf(cells, found, topK, threshold) / exact;
        if (!sure && term.count > topK * postingsPerLookup) {
          sure = true;
          const reached = yield* sureThreshold(memory, order.slice(place), rank(cells, found, topK));
          threshold = Math.max(threshold, reached);
        }
        count = keepAtLeast(memory, count, threshold - rest);
      }
      const onlyTouched = rest < threshold;
      if (onlyTouched && count * postingsPerLookup < term.count) {
        const candidates = touched.subarray(0, count);
        if (!sorted) candidates.sort();
        sorted = true;
        yield* lookUpTerm(memory, { term, weight }, candidates);
        continue;
      }
      const entry = threshold - (remaining[place + 1] as number);
      for (let first = 0; first < term.lastDocuments.length; first += blocksPerRequest) {
        const length = Math.min(blocksPerRequest, term.lastDocuments.length - first);
        const answer = yield { term, blocks: Array.from({ length }, (_, offset) => first + offset) };
        for (const postings of answer) {
          if (onlyTouched) addToTouched(memory, postings, weight);
          else count = addToAll(memory, postings, { weight, entry, count });
        }
      }
    }
    return rank(cells, touched.subarray(0, count), topK);
  } finally {
    clearMarks(memory, count);
  }
}
