/** One item of a ranking: its position in the corpus and its score. */
export interface Match {
  index: number;
  score: number;
}

/**
 * The `topK` highest scores above `threshold`, best first; equal scores keep corpus order. One pass with a bounded heap:
 * O(n + k log k) for typical input.
 */
export function selectTopK(scores: Float32Array | Float64Array, topK: number, threshold = -Infinity): Match[] {
  // A min-heap whose root is the worst kept item: the lowest score, and of equal scores the latest.
  const heap: Match[] = [];
  const isWorse = (left: Match, right: Match) =>
    left.score < right.score || (left.score === right.score && left.index > right.index);
  const size = Math.min(topK, scores.length);
  if (size === 0) return heap;
  let bar = threshold;
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index] as number;
    if (!(score > bar)) continue;
    const item = { index, score };
    if (heap.length < size) {
      let child = heap.push(item) - 1;
      while (child > 0) {
        const parent = (child - 1) >> 1;
        const above = heap[parent] as Match;
        if (!isWorse(item, above)) break;
        heap[child] = above;
        child = parent;
      }
      heap[child] = item;
    } else {
      let parent = 0;
      for (;;) {
        let child = 2 * parent + 1;
        if (child >= size) break;
        if (child + 1 < size && isWorse(heap[child + 1] as Match, heap[child] as Match)) child++;
        const below = heap[child] as Match;
        if (!isWorse(below, item)) break;
        heap[parent] = below;
        parent = child;
      }
      heap[parent] = item;
    }
    if (heap.length === size) bar = (heap[0] as Match).score;
  }
  return heap.sort((left, right) => right.score - left.score || left.index - right.index);
}
