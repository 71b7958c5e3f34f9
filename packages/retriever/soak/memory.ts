import { readFile } from 'node:fs/promises';

const mebibyte = 1 << 20;

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Heap in use after a collection, in MiB. Needs `--expose-gc`. */
export function heapAfterCollection(): number {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error('start this with node --expose-gc');
  collect();
  return process.memoryUsage().heapUsed / mebibyte;
}

/** Resident memory of a process in MiB, as Linux tells it; 0 elsewhere and for a process that has ended. */
export async function residentMemory(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024;
}

/** Medians of the first and the last third, and whether they are as good as equal. */
export function judgeMemory(samples: readonly number[]): { first: number; last: number; isFlat: boolean } {
  const third = Math.ceil(samples.length / 3);
  const first = median(samples.slice(0, third));
  const last = median(samples.slice(-third));
  // Compiled code and pools settle for minutes on a busy machine; a leak of 200 bytes a request outgrows this in ten minutes.
  return { first, last, isFlat: last <= 1.1 * first + 8 };
}
