import type { Match } from '../top-k.js';

/** Cover the rounding of sums in bounds and in scores, so that nothing is left out that may tie. */
export const slack = 1 + 1e-9;
export const exact = 1 + 1e-12;

/** A stretch of a posting list: the entries `start .. end` of two arrays. */
export interface Postings {
  /** Passage positions, ascending. */
  documents: Uint32Array;
  frequencies: Uint8Array | Uint32Array;
  start: number;
  end: number;
}

/** The whole posting list of a word, in memory. */
export interface ResidentPostings extends Postings {
  /** `[passages]` the frequency in every passage, 0 where the word is not, kept for frequent words: what looks a passage up at once. */
  dense: Uint8Array | Uint32Array | undefined;
}

/** Room for frequencies: one byte each where that is enough, as it nearly always is. */
export const createFrequencies = (count: number, largest: number) =>
  largest < 256 ? new Uint8Array(count) : new Uint32Array(count);

/** Memory of one search at a time. */
export interface SearchMemory {
  /** `[passages, 2]` the norm of each passage (see `lengthNorms`) and, where it is touched, its score: side by side in one cache line. */
  cells: Float64Array;
  smallestNorm: number;
  /** `[passages]` the passages that are touched. */
  touched: Uint32Array;
  /** `[passages]` 1 for those that are touched; all zero between searches. */
  marks: Uint8Array;
}

export function createSearchMemory(norms: Float64Array): SearchMemory {
  const size = norms.length;
  const cells = new Float64Array(2 * size);
  let smallestNorm = Number.POSITIVE_INFINITY;
  for (let position = 0; position < size; position++) {
    // Above zero, so that a frequency of zero has a part of zero; it changes no other part.
    const norm = Math.max(norms[position] as number, Number.MIN_VALUE);
    cells[2 * position] = norm;
    if (norm < smallestNorm) smallestNorm = norm;
  }
  return { cells, smallestNorm, touched: new Uint32Array(size), marks: new Uint8Array(size) };
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
export function addToAll(
  { cells, smallestNorm, touched, marks }: SearchMemory,
  { documents, frequencies, start, end }: Postings,
  { weight, entry, count: touchedBefore }: { weight: number; entry: number; count: number },
): number {
  let count = touchedBefore;
  if (entry <= 0) {
    // Without branches: whether a passage was touched before cannot be foreseen.
    for (let item = start; item < end; item++) {
      const position = documents[item] as number;
      const frequency = frequencies[item] as number;
      const mark = marks[position] as number;
      touched[count] = position;
      count += 1 - mark;
      marks[position] = 1;
      cells[2 * position + 1] =
        mark * (cells[2 * position + 1] as number) +
        weight * (frequency / (frequency + (cells[2 * position] as number)));
    }
    return count;
  }
  const enough = smallestFrequency(weight, entry, smallestNorm);
  for (let item = start; item < end; item++) {
    const position = documents[item] as number;
    const frequency = frequencies[item] as number;
    if (marks[position] === 1) {
      cells[2 * position + 1] =
        (cells[2 * position + 1] as number) + weight * (frequency / (frequency + (cells[2 * position] as number)));
    } else if (frequency >= enough) {
      const part = weight * (frequency / (frequency + (cells[2 * position] as number)));
      if (part < entry) continue;
      marks[position] = 1;
      touched[count++] = position;
      cells[2 * position + 1] = part;
    }
  }
  return count;
}

/** Adds a word's part to the touched passages that hold it. */
export function addToTouched(
  { cells, marks }: SearchMemory,
  { documents, frequencies, start, end }: Postings,
  weight: number,
): void {
  for (let item = start; item < end; item++) {
    const position = documents[item] as number;
    if (marks[position] === 0) continue;
    const frequency = frequencies[item] as number;
    cells[2 * position + 1] =
      (cells[2 * position + 1] as number) + weight * (frequency / (frequency + (cells[2 * position] as number)));
  }
}

/**
 * Adds a word's part to those of the first `count` touched passages that hold it, from its frequency in every passage, and keeps
 * those with scores of at least `needed` then. Returns how many.
 */
export function addDense(
  { cells, touched, marks }: SearchMemory,
  dense: Uint8Array | Uint32Array,
  { weight, count, needed }: { weight: number; count: number; needed: number },
): number {
  let kept = 0;
  for (let item = 0; item < count; item++) {
    const position = touched[item] as number;
    const frequency = dense[position] as number;
    const score =
      (cells[2 * position + 1] as number) + weight * (frequency / (frequency + (cells[2 * position] as number)));
    if (score >= needed) {
      cells[2 * position + 1] = score;
      touched[kept++] = position;
    } else {
      marks[position] = 0;
    }
  }
  return kept;
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
export function addToCandidates(
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

/** The topK-th highest score of these passages; 0 where there are fewer. */
export function thresholdOf(cells: Float64Array, positions: Uint32Array, topK: number): number {
  // A min-heap of the highest scores; its root is the answer.
  const heap = new Float64Array(topK);
  let bar = 0;
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
export function rank(cells: Float64Array, positions: Uint32Array, topK: number): Match[] {
  const threshold = positions.length < topK ? 0 : thresholdOf(cells, positions, topK);
  const best: Match[] = [];
  const equal: number[] = [];
  for (let item = 0; item < positions.length; item++) {
    const index = positions[item] as number;
    const score = cells[2 * index + 1] as number;
    if (score > threshold) best.push({ index, score });
    else if (score === threshold) equal.push(index);
  }
  best.sort((left, right) => right.score - left.score || left.index - right.index);
  const ties =
    equal.length > 1
      ? Uint32Array.from(equal)
          .sort()
          .subarray(0, topK - best.length)
      : equal;
  for (const index of ties) best.push({ index, score: threshold });
  return best;
}

/** Keeps those of the first `count` touched passages with scores of at least `needed`. Returns how many. */
export function keepAtLeast({ cells, touched, marks }: SearchMemory, count: number, needed: number): number {
  if (needed <= 0) return count;
  let kept = 0;
  for (let item = 0; item < count; item++) {
    const position = touched[item] as number;
    if ((cells[2 * position + 1] as number) >= needed) touched[kept++] = position;
    else marks[position] = 0;
  }
  return kept;
}

/** Takes the marks of the first `count` touched passages away. */
export function clearMarks({ touched, marks }: SearchMemory, count: number): void {
  if (8 * count > marks.length) marks.fill(0);
  else for (let item = 0; item < count; item++) marks[touched[item] as number] = 0;
}
