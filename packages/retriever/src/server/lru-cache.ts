/** A cache that forgets what was not asked for the longest, bounded in entries and in bytes. */
export interface LruCache<Value> {
  readonly entries: number;
  /** Sum of the sizes of all entries, in bytes. */
  readonly bytes: number;
  get(key: string): Value | undefined;
  /** Keeps the value, which takes `bytes` of memory; one larger than the whole cache is not kept. */
  set(key: string, value: Value, bytes: number): void;
}

/** A cache of at most `maxEntries` values that take at most `maxBytes` together. */
export function createLruCache<Value>({
  maxEntries,
  maxBytes,
}: {
  maxEntries: number;
  maxBytes: number;
}): LruCache<Value> {
  // A Map keeps the order of insertion: the first entry is the one that was used the longest ago.
  const kept = new Map<string, { value: Value; bytes: number }>();
  let total = 0;
  const forget = (key: string) => {
    total -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  };
  return {
    get entries() {
      return kept.size;
    },
    get bytes() {
      return total;
    },
    get(key) {
      const entry = kept.get(key);
      if (entry === undefined) return undefined;
      kept.delete(key);
      kept.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes) {
      forget(key);
      if (bytes > maxBytes || maxEntries < 1) return;
      kept.set(key, { value, bytes });
      total += bytes;
      for (const oldest of kept.keys()) {
        if (kept.size <= maxEntries && total <= maxBytes) break;
        forget(oldest);
      }
    },
  };
}
