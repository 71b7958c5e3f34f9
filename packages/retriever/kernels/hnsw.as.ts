import { popEntry, pushEntry } from './candidate-heap.as';
import { products4, wideEntries } from './products.as';

/** Distances (one minus the product) of `count` vectors named by ids; distances has room for three more. */
function measure(
  query: usize, dimension: i32, wide: i32, vectors: usize, vectorBytes: usize, ids: usize, count: i32, distances: usize,
): void {
  const last = count - 1;
  for (let i = 0; i < count; i += 4) {
    products4(
      query,
      vectors + <usize>load<u32>(ids + (<usize>i << 2)) * vectorBytes,
      vectors + <usize>load<u32>(ids + (<usize>min(i + 1, last) << 2)) * vectorBytes,
      vectors + <usize>load<u32>(ids + (<usize>min(i + 2, last) << 2)) * vectorBytes,
      vectors + <usize>load<u32>(ids + (<usize>min(i + 3, last) << 2)) * vectorBytes,
      wide, dimension, distances + (<usize>i << 2),
    );
  }
  for (let i = 0; i < count; i += 4) {
    const at = distances + (<usize>i << 2);
    v128.store(at, f32x4.sub(f32x4.splat(1), v128.load(at)));
  }
}

/**
 * Malkov & Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs" (2018),
 * algorithms 2 and 5, with the stopping rules of hnswlib 0.8. See Kernels.hnswSearch.
 */
export function hnswSearch(
  query: usize, dimension: i32, vectors: usize, vectorBytes: usize, links: usize, linkBytes: usize, firstLists: usize,
  lists: usize, listBytes: usize, entry: u32, maxLevel: i32, visited: usize, stamp: i32, ef: i32, topK: i32,
  hasDeleted: i32, candidates: usize, found: usize, ids: usize, distances: usize,
): i32 {
  const wide = wideEntries(dimension);
  let node = entry;
  store<u32>(ids, node);
  measure(query, dimension, wide, vectors, vectorBytes, ids, 1, distances);
  let nearest = load<f32>(distances);
  for (let level = maxLevel; level > 0; level--) {
    for (let changed = true; changed;) {
      changed = false;
      const list = lists + <usize>(load<u32>(firstLists + (<usize>node << 2)) + level - 1) * listBytes;
      const count = <i32>load<u16>(list);
      measure(query, dimension, wide, vectors, vectorBytes, list + 4, count, distances);
      for (let i = 0; i < count; i++) {
        const distance = load<f32>(distances + (<usize>i << 2));
        if (distance < nearest) {
          nearest = distance;
          node = load<u32>(list + (<usize>i << 2), 4);
          changed = true;
        }
      }
    }
  }

  let candidateCount = 1, foundCount = 0;
  let bound: f32 = f32.MAX_VALUE;
  if (hasDeleted == 0 || (load<u8>(links + <usize>node * linkBytes, 2) & 1) == 0) {
    bound = nearest;
    pushEntry(found, 0, nearest, node);
    foundCount = 1;
  }
  pushEntry(candidates, 0, -bound, node);
  store<u8>(visited + node, <u8>stamp);
  while (candidateCount > 0) {
    if (-load<f32>(candidates) > bound && (hasDeleted == 0 || foundCount == ef)) break;
    const list = links + <usize>load<u32>(candidates, 4) * linkBytes;
    popEntry(candidates, candidateCount);
    candidateCount--;
    const count = <i32>load<u16>(list);
    let fresh = 0;
    for (let i = 0; i < count; i++) {
      const id = load<u32>(list + (<usize>i << 2), 4);
      if (load<u8>(visited + id) != <u8>stamp) {
        store<u8>(visited + id, <u8>stamp);
        store<u32>(ids + (<usize>fresh << 2), id);
        fresh++;
      }
    }
    measure(query, dimension, wide, vectors, vectorBytes, ids, fresh, distances);
    for (let i = 0; i < fresh; i++) {
      const distance = load<f32>(distances + (<usize>i << 2));
      if (foundCount < ef || bound > distance) {
        const id = load<u32>(ids + (<usize>i << 2));
        pushEntry(candidates, candidateCount, -distance, id);
        candidateCount++;
        if (hasDeleted == 0 || (load<u8>(links + <usize>id * linkBytes, 2) & 1) == 0) {
          pushEntry(found, foundCount, distance, id);
          foundCount++;
        }
        if (foundCount > ef) {
          popEntry(found, foundCount);
          foundCount--;
        }
        if (foundCount > 0) bound = load<f32>(found);
      }
    }
  }

  while (foundCount > topK) {
    popEntry(found, foundCount);
    foundCount--;
  }
  sortEntries(found, foundCount);
  return foundCount;
}

/** Turns a heap into entries by key, equal keys by id: the roots in turn go to the place that becomes free behind the others. */
function sortEntries(heap: usize, size: i32): void {
  for (let left = size; left > 1; left--) {
    const root = load<u64>(heap);
    popEntry(heap, left);
    store<u64>(heap + (<usize>(left - 1) << 3), root);
  }
  for (let i = 1; i < size; i++) {
    const entry = load<u64>(heap + (<usize>i << 3));
    const key = reinterpret<f32>(<u32>entry);
    let hole = i;
    for (; hole > 0; hole--) {
      const before = load<u64>(heap + (<usize>(hole - 1) << 3));
      const beforeKey = reinterpret<f32>(<u32>before);
      if (beforeKey < key || (beforeKey == key && before >> 32 < entry >> 32) || beforeKey != beforeKey || key != key) break;
      store<u64>(heap + (<usize>hole << 3), before);
    }
    store<u64>(heap + (<usize>hole << 3), entry);
  }
}
