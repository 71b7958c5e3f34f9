import { setImmediate } from 'node:timers/promises';
import type { CreateKernelMemory, KernelMemory } from '../kernels/kernel-memory.js';
import { scoresBytes } from '../kernels/kernels.js';
import type { Match } from '../top-k.js';
import { quantize } from './quantize.js';
import type { Precision, RowBlock } from './row-block.js';

const largestBlock = 1 << 30;
/** Queries, their heaps and counts: room for one query of any length with every row, at least. */
const workBytes = 1 << 24;
const queriesTogether = 64;
/** Products of entries between two turns of other work in the process: some tenths of a second. */
const productsPerTurn = 5e8;

const roundUp = (bytes: number) => Math.ceil(bytes / 64) * 64;

/**
 * Rows in a memory of the kernels, up to 1 GiB or 2^20 rows. Sums in float32, four at a time (int8: exact integers, then two scales in
 * float32); they do not depend on the other queries.
 * @returns null where there are no kernels.
 */
export function createKernelBlock({
  dimension,
  precision,
  createKernelMemory,
  mostRows = 1 << 20,
}: {
  dimension: number;
  precision: Precision;
  createKernelMemory: CreateKernelMemory;
  /**
   * At most 2^20, so that the heap of one query fits its place.
   * @default 2^20
   */
  mostRows?: number;
}): RowBlock | null {
  const whole = precision === 'float32';
  const rowBytes = Math.ceil(((whole ? 4 : 1) * dimension) / 16) * 16;
  const queryBytes = whole ? rowBytes : 2 * rowBytes;
  const capacity = Math.min(mostRows, Math.floor(largestBlock / rowBytes));
  const scores = 64;
  const work = scores + scoresBytes;
  const deletedAt = work + workBytes;
  const scalesAt = roundUp(deletedAt + capacity);
  const rowsAt = roundUp(scalesAt + (whole ? 0 : 4 * (capacity + 3)));
  // The kernels take four rows at a time: up to three behind the last are read.
  const endOf = (rows: number) => rowsAt + (rows + 3) * rowBytes;
  const created = createKernelMemory({ initialBytes: endOf(1), maximumBytes: endOf(capacity) });
  if (created === null) return null;
  const memory: KernelMemory = created;
  const { kernels } = memory;
  let length = 0;

  const placeQueries = (queries: readonly Float32Array[], scales: number) => {
    for (const [position, query] of queries.entries()) {
      if (whole) new Float32Array(memory.buffer, work + position * queryBytes, dimension).set(query);
      else {
        const { codes, scale } = quantize(query);
        const place = new Int16Array(memory.buffer, work + position * queryBytes, queryBytes / 2);
        place.fill(0);
        place.set(codes);
        new Float32Array(memory.buffer, scales + 4 * position, 1)[0] = scale;
      }
    }
  };

  /** Takes part of the queries over all rows. */
  async function searchSome(queries: readonly Float32Array[], topK: number): Promise<Match[][]> {
    const count = queries.length;
    const scales = work + count * queryBytes;
    const counts = scales + 4 * count;
    const heaps = Math.ceil((counts + 4 * count) / 8) * 8;
    placeQueries(queries, scales);
    new Int32Array(memory.buffer, counts, count).fill(0);
    const perTurn = Math.max(1024, 4 * Math.floor(productsPerTurn / (4 * count * dimension)));
    for (let first = 0; first < length; first += perTurn) {
      if (first > 0) await setImmediate();
      const end = Math.min(length, first + perTurn);
      if (whole) {
        kernels.flatSearch(
          work,
          count,
          rowsAt,
          rowBytes,
          dimension,
          first,
          end,
          deletedAt,
          scores,
          heaps,
          counts,
          topK,
        );
      } else {
        kernels.int8Search(
          ...([work, count, scales, rowsAt, rowBytes, scalesAt, first, end] as const),
          ...([deletedAt, scores, heaps, counts, topK] as const),
        );
      }
    }
    return queries.map((_, position) => {
      const heap = heaps + position * 8 * topK;
      const found = new Int32Array(memory.buffer, counts, count)[position] as number;
      kernels.sortTopK(heap, found);
      const keys = new Float32Array(memory.buffer, heap, 2 * found);
      const rows = new Uint32Array(memory.buffer, heap, 2 * found);
      return Array.from({ length: found }, (_entry, rank) => ({
        index: rows[2 * rank + 1] as number,
        score: keys[2 * rank] as number,
      }));
    });
  }

  return {
    get length() {
      return length;
    },
    capacity,
    append(rows) {
      memory.reserve(endOf(length + rows.length));
      for (const vector of rows) {
        const start = rowsAt + length * rowBytes;
        if (whole) new Float32Array(memory.buffer, start, dimension).set(vector);
        else {
          const { codes, scale } = quantize(vector);
          new Int8Array(memory.buffer, start, dimension).set(codes);
          new Float32Array(memory.buffer, scalesAt + 4 * length, 1)[0] = scale;
        }
        length++;
      }
    },
    delete: (row) => void new Uint8Array(memory.buffer, deletedAt, length).fill(1, row, row + 1),
    row(row) {
      const start = rowsAt + row * rowBytes;
      if (whole) return new Float32Array(memory.buffer, start, dimension).slice();
      const [scale = 0] = new Float32Array(memory.buffer, scalesAt + 4 * row, 1);
      return Float32Array.from(new Int8Array(memory.buffer, start, dimension), (code) => code * scale);
    },
    async search({ queries, topK }) {
      const kept = Math.min(topK, length);
      if (kept === 0) return queries.map(() => []);
      const together = Math.min(queriesTogether, Math.floor((workBytes - 32) / (queryBytes + 8 * kept + 8)));
      const found: Match[][] = [];
      for (let start = 0; start < queries.length; start += together) {
        if (start > 0) await setImmediate();
        found.push(...(await searchSome(queries.slice(start, start + together), kept)));
      }
      return found;
    },
  };
}
