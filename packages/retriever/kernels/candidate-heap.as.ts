// A heap of [f32 key, u32 id] with the highest key at the root. Push and pop move entries as std::push_heap and std::pop_heap of
// libstdc++ do, which decides between equal keys: the search then keeps the same vectors as hnswlib.

// @ts-ignore: decorator
@inline
function entryAt(heap: usize, index: i32): usize {
  return heap + (<usize>index << 3);
}

function siftUp(heap: usize, at: i32, entry: u64): void {
  const key = reinterpret<f32>(<u32>entry);
  let hole = at;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    const above = load<u64>(entryAt(heap, parent));
    if (!(reinterpret<f32>(<u32>above) < key)) break;
    store<u64>(entryAt(heap, hole), above);
    hole = parent;
  }
  store<u64>(entryAt(heap, hole), entry);
}

/** Adds an entry to a heap of `size` entries. */
export function pushEntry(heap: usize, size: i32, key: f32, id: u32): void {
  siftUp(heap, size, <u64>reinterpret<u32>(key) | (<u64>id << 32));
}

/** Removes the root of a heap of `size` entries, at least one. */
export function popEntry(heap: usize, size: i32): void {
  const length = size - 1;
  if (length == 0) return;
  const last = load<u64>(entryAt(heap, length));
  let hole = 0, child = 0;
  while (child < (length - 1) >> 1) {
    child = 2 * (child + 1);
    if (load<f32>(entryAt(heap, child)) < load<f32>(entryAt(heap, child - 1))) child--;
    store<u64>(entryAt(heap, hole), load<u64>(entryAt(heap, child)));
    hole = child;
  }
  if ((length & 1) == 0 && child == (length - 2) >> 1) {
    child = 2 * (child + 1);
    store<u64>(entryAt(heap, hole), load<u64>(entryAt(heap, child - 1)));
    hole = child - 1;
  }
  siftUp(heap, hole, last);
}
