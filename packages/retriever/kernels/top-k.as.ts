// The best rows of a query in a heap of [f32 score, u32 row] whose root is the worst that is kept: the lowest score, of equal scores the
// latest row. Rows are offered in ascending order, so that a row of an equal score never displaces one.

// @ts-ignore: decorator
@inline
function entryAt(heap: usize, index: i32): usize {
  return heap + (<usize>index << 3);
}

// @ts-ignore: decorator
@inline
function isWorse(left: u64, right: u64): bool {
  const leftScore = reinterpret<f32>(<u32>left), rightScore = reinterpret<f32>(<u32>right);
  return leftScore < rightScore || (leftScore == rightScore && left >> 32 > right >> 32);
}

function siftDown(heap: usize, size: i32, entry: u64): void {
  let hole = 0;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= size) break;
    if (child + 1 < size && isWorse(load<u64>(entryAt(heap, child + 1)), load<u64>(entryAt(heap, child)))) child++;
    const below = load<u64>(entryAt(heap, child));
    if (!isWorse(below, entry)) break;
    store<u64>(entryAt(heap, hole), below);
    hole = child;
  }
  store<u64>(entryAt(heap, hole), entry);
}

function siftUp(heap: usize, at: i32, entry: u64): void {
  let hole = at;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    const above = load<u64>(entryAt(heap, parent));
    if (!isWorse(entry, above)) break;
    store<u64>(entryAt(heap, hole), above);
    hole = parent;
  }
  store<u64>(entryAt(heap, hole), entry);
}

/** Puts the rows from start to stop with scores[0 …] into the heap where they belong there; deleted rows never do. */
export function offer(scores: usize, start: i32, stop: i32, deleted: usize, heap: usize, count: usize, topK: i32): void {
  let size = load<i32>(count);
  let r = start;
  for (; r < stop && size < topK; r++) {
    const score = load<f32>(scores + (<usize>(r - start) << 2));
    if (load<u8>(deleted + <usize>r) != 0 || score != score) continue;
    siftUp(heap, size, <u64>reinterpret<u32>(score) | (<u64>r << 32));
    size++;
  }
  store<i32>(count, size);
  if (size < topK) return;
  let bar = load<f32>(heap);
  while (r < stop) {
    const at = scores + (<usize>(r - start) << 2);
    if (r + 4 <= stop && !v128.any_true(f32x4.gt(v128.load(at), f32x4.splat(bar)))) {
      r += 4;
      continue;
    }
    const score = load<f32>(at);
    if (score > bar && load<u8>(deleted + <usize>r) == 0) {
      siftDown(heap, size, <u64>reinterpret<u32>(score) | (<u64>r << 32));
      bar = load<f32>(heap);
    }
    r++;
  }
}

/** Orders a heap best first. */
export function sortTopK(heap: usize, size: i32): void {
  for (let left = size - 1; left > 0; left--) {
    const root = load<u64>(heap);
    const last = load<u64>(entryAt(heap, left));
    siftDown(heap, left, last);
    store<u64>(entryAt(heap, left), root);
  }
}
