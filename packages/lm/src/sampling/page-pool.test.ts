import { ModelError } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { createPagePool } from './page-pool.js';

function pool(options: { slabs: number; reclaim?: () => boolean }) {
  let left = options.slabs;
  let living = 0;
  return {
    living: () => living,
    pool: createPagePool({
      pageBytes: 2 ** 20,
      pagesPerSlab: 2,
      allocate: (bytes) => {
        if (left === 0) throw new Error('full');
        left -= 1;
        living += 1;
        return { address: left * bytes, dispose: () => living-- };
      },
      reclaim: options.reclaim ?? (() => false),
    }),
  };
}

test('memory grows by need, pages are taken again, and a page is free when nobody holds it', () => {
  const { pool: pages, living } = pool({ slabs: 2 });
  expect(living()).toBe(0);
  const [a, b] = [pages.take(), pages.take()];
  expect(living()).toBe(1);
  pages.hold(a);
  expect([pages.isShared(a), pages.isShared(b)]).toEqual([true, false]);
  pages.drop(a);
  expect(pages.isShared(a)).toBe(false);
  pages.drop(a);
  expect(pages.take()).toBe(a);
  expect(living()).toBe(1);
  expect(new Set([a, b, pages.take(), pages.take()]).size).toBe(4);
  pages.clear();
  expect(living()).toBe(0);
});

test('a full heap first takes pages that nobody needs, then is an error that says what to lower', () => {
  const taken: number[] = [];
  const { pool: pages } = pool({
    slabs: 1,
    reclaim: () => {
      const page = taken.shift();
      if (page !== undefined) pages.drop(page);
      return page !== undefined;
    },
  });
  taken.push(pages.take(), pages.take());
  const [first, second] = taken;
  expect([pages.take(), pages.take()]).toEqual([first, second]);
  expect(() => pages.take()).toThrow(ModelError);
  expect(() => pages.take()).toThrow('the KV cache has 2 MiB and there is no memory for more; lower slots');
});
