import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createLruCache } from './lru-cache.js';

describe('createLruCache', () => {
  it('forgets what was used the longest ago', () => {
    const cache = createLruCache<number>({ maxEntries: 2, maxBytes: 100 });
    cache.set('a', 1, 1);
    cache.set('b', 2, 1);
    expect(cache.get('a')).toBe(1);
    cache.set('c', 3, 1);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
    expect(cache.entries).toBe(2);
  });

  it('is bounded in bytes and does not keep what is larger than all of it', () => {
    const cache = createLruCache<number>({ maxEntries: 10, maxBytes: 10 });
    cache.set('a', 1, 6);
    cache.set('b', 2, 5);
    expect([cache.get('a'), cache.get('b'), cache.bytes]).toEqual([undefined, 2, 5]);
    cache.set('c', 3, 11);
    expect([cache.get('b'), cache.get('c'), cache.bytes]).toEqual([2, undefined, 5]);
    cache.set('b', 4, 11);
    expect([cache.get('b'), cache.entries, cache.bytes]).toEqual([undefined, 0, 0]);
  });

  const operation = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    bytes: fc.integer({ min: 0, max: 12 }),
  });
  test.prop([fc.array(fc.tuple(fc.boolean(), operation)), fc.nat(4), fc.nat(20)])(
    'does as a plain list in order of use does',
    (operations, maxEntries, maxBytes) => {
      const cache = createLruCache<number>({ maxEntries, maxBytes });
      let list: { key: string; value: number; bytes: number }[] = [];
      for (const [value, [read, { key, bytes }]] of operations.entries()) {
        const found = list.find((entry) => entry.key === key);
        if (read) {
          expect(cache.get(key)).toBe(found?.value);
          if (found) list = [...list.filter((entry) => entry !== found), found];
        } else {
          cache.set(key, value, bytes);
          list = list.filter((entry) => entry !== found);
          if (bytes <= maxBytes) list.push({ key, value, bytes });
          while (list.length > maxEntries || list.reduce((sum, entry) => sum + entry.bytes, 0) > maxBytes) list.shift();
        }
        expect(cache.entries).toBe(list.length);
        expect(cache.bytes).toBe(list.reduce((sum, entry) => sum + entry.bytes, 0));
      }
    },
  );
});
