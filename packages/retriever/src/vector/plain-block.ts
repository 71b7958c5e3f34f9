import { setImmediate } from 'node:timers/promises';
import { selectTopK } from '../top-k.js';
import { quantize } from './quantize.js';
import type { Precision, RowBlock } from './row-block.js';

function product(query: Float32Array | Int8Array, row: Float32Array | Int8Array): number {
  let sum = 0;
  for (let column = 0; column < query.length; column++) sum += (query[column] as number) * (row[column] as number);
  return sum;
}

/** Rows in plain JavaScript, for where the kernels do not run; sums in float64. */
export function createPlainBlock({ precision }: { precision: Precision }): RowBlock {
  const rows: (Float32Array | Int8Array)[] = [];
  const scales: number[] = [];
  const deleted = new Set<number>();
  const encode = (vector: Float32Array) =>
    precision === 'int8' ? quantize(vector) : { codes: Float32Array.from(vector), scale: 1 };
  return {
    get length() {
      return rows.length;
    },
    capacity: 2 ** 31,
    append(added) {
      for (const vector of added) {
        const { codes, scale } = encode(vector);
        rows.push(codes);
        scales.push(scale);
      }
    },
    delete: (row) => void deleted.add(row),
    row: (row) => Float32Array.from(rows[row] ?? [], (code) => code * (scales[row] as number)),
    async search({ queries, topK }) {
      const scores = new Float64Array(rows.length);
      const found = [];
      for (const [position, query] of queries.entries()) {
        if (position > 0) await setImmediate();
        const { codes, scale } = encode(query);
        for (const [index, row] of rows.entries()) {
          scores[index] = deleted.has(index)
            ? Number.NEGATIVE_INFINITY
            : product(codes, row) * (scales[index] as number) * scale;
        }
        found.push(selectTopK(scores, topK));
      }
      return found;
    },
  };
}
