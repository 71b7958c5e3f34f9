/** Where a merge stands in the order of merging, and the token it makes. */
export interface RankedMerge {
  rank: number;
  id: number;
}

/** A binary min-heap of numbers. */
class MinHeap {
  readonly #items: number[] = [];

  push(value: number): void {
    const items = this.#items;
    let i = items.push(value) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = items[parent] as number;
      if (above <= value) break;
      items[i] = above;
      i = parent;
    }
    items[i] = value;
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) child++;
      const below = items[child] as number;
      if (below >= last) break;
      items[i] = below;
      i = child;
    }
    items[i] = last;
    return top;
  }
}

const positions = 2 ** 32;

/**
 * Byte-pair merging of one word: again and again the adjacent pair of lowest rank, the leftmost first, becomes one
 * token. O(n log n), so that a hostile word of a megabyte costs no more than its length deserves.
 *
 * Source: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units" (2016), section 3.2; the order
 * is that of `Word::merge_all` in huggingface/tokenizers.
 *
 * @param symbols token ids of the single bytes, overwritten.
 * @param mergeOf the merge of two adjacent tokens, if there is one.
 */
export function mergeBytePairs(
  symbols: number[],
  mergeOf: (left: number, right: number) => RankedMerge | undefined,
): number[] {
  const end = symbols.length;
  const next = Int32Array.from({ length: end }, (_, i) => i + 1);
  const previous = Int32Array.from({ length: end }, (_, i) => i - 1);
  const dead = -1;
  const queue = new MinHeap();
  const at = (position: number) => symbols[position] as number;
  const mergeAt = (position: number): RankedMerge | undefined => {
    const right = next[position] as number;
    return right < end ? mergeOf(at(position), at(right)) : undefined;
  };
  // One number holds rank and position: the heap then orders by rank first and by position second.
  const offer = (position: number) => {
    const merge = mergeAt(position);
    if (merge !== undefined) queue.push(merge.rank * positions + position);
  };
  for (let position = 0; position + 1 < end; position++) offer(position);

  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    const position = key % positions;
    if (at(position) === dead) continue;
    const merge = mergeAt(position);
    // The pair may have changed since it was queued.
    if (merge === undefined || merge.rank !== (key - position) / positions) continue;
    const right = next[position] as number;
    const after = next[right] as number;
    symbols[position] = merge.id;
    symbols[right] = dead;
    next[position] = after;
    if (after < end) previous[after] = position;
    const before = previous[position] as number;
    if (before >= 0) offer(before);
    offer(position);
  }
  return symbols.filter((id) => id !== dead);
}
