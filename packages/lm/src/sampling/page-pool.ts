import { ModelError } from '@dgpo/trajectory';

/** Pages of memory by address, each with the number of its holders. */
export interface PagePool {
  /** A page with one holder. */
  take(): number;
  hold(page: number): void;
  /** Takes one holder away; a page without any is free. */
  drop(page: number): void;
  /** Whether more than one sequence holds the page: then nobody may write into it. */
  isShared(page: number): boolean;
  /** Frees all pages and gives their memory back. */
  clear(): void;
}

/** A piece of memory for several pages. */
interface Slab {
  address: number;
  dispose(): void;
}

export interface PagePoolOptions {
  pageBytes: number;
  pagesPerSlab: number;
  /** Throws a ModelError when the heap is full. */
  allocate: (bytes: number) => Slab;
  /** Called when memory is short: drops pages that nobody needs. Returns whether there were any to drop. */
  reclaim: () => boolean;
}

/** Memory that grows slab by slab as pages are taken, and shrinks only when it is cleared. */
export function createPagePool(options: PagePoolOptions): PagePool {
  const { pageBytes, pagesPerSlab, allocate, reclaim } = options;
  const slabs: Slab[] = [];
  let free: number[] = [];
  const holders = new Map<number, number>();

  const grow = () => {
    let slab: Slab;
    try {
      slab = allocate(pagesPerSlab * pageBytes);
    } catch (cause) {
      while (free.length === 0 && reclaim());
      if (free.length > 0) return;
      const megabytes = Math.round((slabs.length * pagesPerSlab * pageBytes) / 2 ** 20);
      throw new ModelError(
        `the KV cache has ${megabytes} MiB and there is no memory for more; lower slots (the batch size of sampling), maxContextTokens or maxTokens, or take another engine`,
        { cause },
      );
    }
    slabs.push(slab);
    for (let index = pagesPerSlab - 1; index >= 0; index--) free.push(slab.address + index * pageBytes);
  };

  return {
    take: () => {
      if (free.length === 0) grow();
      const page = free.pop() as number;
      holders.set(page, 1);
      return page;
    },
    hold: (page) => holders.set(page, (holders.get(page) ?? 0) + 1),
    drop: (page) => {
      const left = (holders.get(page) ?? 0) - 1;
      if (left > 0) holders.set(page, left);
      else if (holders.delete(page)) free.push(page);
    },
    isShared: (page) => (holders.get(page) ?? 0) > 1,
    clear: () => {
      for (const slab of slabs.splice(0)) slab.dispose();
      free = [];
      holders.clear();
    },
  };
}
