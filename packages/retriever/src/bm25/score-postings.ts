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
export function addToAll(
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
export function addToTouched(
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

/** The topK-th highest score of these passages, at least topK of which have scores of at least `floor`. */
export function thresholdOf(cells: Float64Array, positions: Uint32Array, topK: number, floor: number): number {
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
export function rank(cells: Float64Array, positions: Uint32Array, topK: number): Match[] {
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
export function keepAtLeast({ cells, touched, marks }: SearchMemory, count: number, needed: number): number {
  let kept = 0;
  for (let item = 0; item < count; item++) {
    const position = touched[item] as number;
    if ((cells[2 * position + 1] as number) >= needed) touched[kept++] = position;
    else marks[position >>> 5] = (marks[position >>> 5] as number) & ~(1 << (position & 31));
  }
  return kept;
}

/** Takes the marks of the first `count` touched passages away. */
export function clearMarks({ touched, marks }: SearchMemory, count: number): void {
  if (count > marks.length) marks.fill(0);
  else for (let item = 0; item < count; item++) marks[(touched[item] as number) >>> 5] = 0;
}
