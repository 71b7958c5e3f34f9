/** Keeps what was used last, as far as its bytes fit: the least recently used goes first. */
export function createByteCache<Value>({ capacity }: { capacity: number }) {
  const kept = new Map<string, { value: Value; bytes: number }>();
  let total = 0;
  return {
    get(key: string): Value | undefined {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      kept.delete(key);
      kept.set(key, found);
      return found.value;
    },
    set(key: string, value: Value, bytes: number): void {
      if (bytes > capacity) return;
      total += bytes - (kept.get(key)?.bytes ?? 0);
      kept.delete(key);
      kept.set(key, { value, bytes });
      for (const [oldest, { bytes: freed }] of kept) {
        if (total <= capacity) break;
        kept.delete(oldest);
        total -= freed;
      }
    },
    clear(): void {
      kept.clear();
      total = 0;
    },
  };
}
