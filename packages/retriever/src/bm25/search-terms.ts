import type { Match } from '../top-k.js';
import {
  addDense,
  addToAll,
  addToCandidates,
  addToTouched,
  clearMarks,
  exact,
  keepAtLeast,
  type Postings,
  type ResidentPostings,
  rank,
  type SearchMemory,
  slack,
  thresholdOf,
} from './score-postings.js';

/** What is known of a word before its postings are read. */
export interface TermSummary {
  /** How many passages hold the word. */
  readonly count: number;
  /** No f / (f + norm) among its postings is larger. */
  readonly bound: number;
  /** `[blocks]` the last passage of each block that the postings are read in. */
  readonly lastDocuments: Uint32Array;
  /** All postings, where they are in memory; none are asked for then. */
  readonly resident?: ResidentPostings;
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

/** Raising the threshold by one more passage found pays where it may save so many postings. */
const postingsPerThreshold = 8;

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
  for (const { term, weight } of left) {
    const { resident } = term;
    if (resident === undefined) yield* lookUpTerm(memory, { term, weight }, candidates);
    else if (resident.dense === undefined) addToCandidates(memory, resident, { weight, candidates, from: 0 });
    else addDense({ ...memory, touched: candidates }, resident.dense, { weight, count: candidates.length, needed: 0 });
  }
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
 * Strategies and Optimizations", 1995, https://doi.org/10.1016/0306-4573(95)00020-H), term at a time. A threshold comes from
 * looking up all words for the best so far, and rises with the topK-th score so far: passages that the words left over cannot lift
 * to it are not taken up, or forgotten; and as soon as those words alone cannot reach it, only passages already found are looked
 * up in their postings. Every passage that is returned has its whole score, summed from the rarest word to the most frequent, so
 * that neither `topK` nor where the postings lie changes a bit of it.
 *
 * A generator, so that postings come from memory at once or from disk later: of words whose postings are not resident it requests
 * blocks and is sent the answers.
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
  try {
    for (const [place, { term, weight }] of order.entries()) {
      const { resident } = term;
      const rest = remaining[place] as number;
      if (threshold === 0 && count >= topK && term.count > topK * postingsPerLookup) {
        threshold = yield* sureThreshold(memory, order.slice(place), rank(cells, touched.subarray(0, count), topK));
      } else if (threshold > 0 && term.count > postingsPerThreshold * count) {
        threshold = Math.max(threshold, thresholdOf(cells, touched.subarray(0, count), topK) / exact);
      }
      const onlyTouched = rest < threshold;
      const entry = threshold - (remaining[place + 1] as number);
      if (onlyTouched && resident?.dense !== undefined) {
        count = addDense(memory, resident.dense, { weight, count, needed: entry });
        continue;
      }
      if (term.count > count) count = keepAtLeast(memory, count, threshold - rest);
      if (onlyTouched && count * postingsPerLookup < term.count) {
        const candidates = touched.subarray(0, count);
        if (!sorted) candidates.sort();
        sorted = true;
        if (resident === undefined) yield* lookUpTerm(memory, { term, weight }, candidates);
        else addToCandidates(memory, resident, { weight, candidates, from: 0 });
        continue;
      }
      if (resident !== undefined) {
        if (onlyTouched) addToTouched(memory, resident, weight);
        else count = addToAll(memory, resident, { weight, entry, count });
        continue;
      }
      for (let first = 0; first < term.lastDocuments.length; first += blocksPerRequest) {
        const length = Math.min(blocksPerRequest, term.lastDocuments.length - first);
        const answer = yield { term, blocks: Array.from({ length }, (_, offset) => first + offset) };
        for (const postings of answer) {
          if (onlyTouched) addToTouched(memory, postings, weight);
          else count = addToAll(memory, postings, { weight, entry, count });
        }
      }
    }
    const best = rank(cells, touched.subarray(0, count), topK);
    // Parts may be too small for a number.
    while (best.at(-1)?.score === 0) best.pop();
    return best;
  } finally {
    clearMarks(memory, count);
  }
}
