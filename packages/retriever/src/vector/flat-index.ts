import { join } from 'node:path';
import { requireTopK } from '../require-top-k.js';
import { readFloat32Array, readUint32Array, writeTypedArray } from '../store/typed-array-file.js';
import { selectTopK } from '../top-k.js';
import { requireDimension, requireIndices, requireVectors } from './require-vectors.js';
import type { VectorIndex } from './vector-index.js';

/** The vectors in one row-major block, `[length, dimension]`. */
const vectorsName = 'vectors.f32';
/** The indices of the deleted vectors, ascending. */
const deletedName = 'deleted.u32';

function wrapRows(rows: Float32Array[], deleted: Set<number>, dimension: number): VectorIndex {
  return {
    kind: 'flat',
    get size() {
      return rows.length - deleted.size;
    },
    get length() {
      return rows.length;
    },
    dimension,
    settings: {},
    async add({ vectors, signal }) {
      signal?.throwIfAborted();
      requireVectors(vectors, dimension);
      for (const vector of vectors) rows.push(Float32Array.from(vector));
    },
    async delete({ indices }) {
      requireIndices(indices, rows.length);
      for (const index of indices) deleted.add(index);
    },
    search({ vectors, topK }) {
      requireTopK(topK);
      requireVectors(vectors, dimension);
      const scores = new Float64Array(rows.length);
      return vectors.map((query) => {
        for (const [index, row] of rows.entries()) {
          let sum = 0;
          for (let column = 0; column < dimension; column++) sum += (query[column] as number) * (row[column] as number);
          scores[index] = deleted.has(index) ? Number.NEGATIVE_INFINITY : sum;
        }
        return selectTopK(scores, topK);
      });
    },
    async save(directory) {
      const block = new Float32Array(rows.length * dimension);
      for (const [index, row] of rows.entries()) block.set(row, index * dimension);
      await writeTypedArray(join(directory, vectorsName), block);
      await writeTypedArray(
        join(directory, deletedName),
        Uint32Array.from(deleted).sort((left, right) => left - right),
      );
    },
    async close() {},
  };
}

/**
 * An exact index: compares the query with every vector, sums in float64. Right for up to some 100,000 vectors, and the
 * measure for every approximate index. Starts empty.
 * @throws ConfigError for a dimension that vectors cannot have.
 */
export function createFlatIndex({ dimension }: { dimension: number }): VectorIndex {
  requireDimension(dimension);
  return wrapRows([], new Set(), dimension);
}

/** Opens what `save` wrote. @throws RangeError when the files do not fit the dimension or each other. */
export async function openFlatIndex({
  directory,
  dimension,
}: {
  directory: string;
  dimension: number;
}): Promise<VectorIndex> {
  requireDimension(dimension);
  const block = await readFloat32Array(join(directory, vectorsName));
  const deleted = await readUint32Array(join(directory, deletedName));
  const length = block.length / dimension;
  if (!Number.isInteger(length)) throw new RangeError(`${vectorsName} does not hold rows of ${dimension} numbers`);
  if (deleted.some((index) => index >= length)) throw new RangeError(`${deletedName} names vectors that are not there`);
  const rows = Array.from({ length }, (_, row) => block.subarray(row * dimension, (row + 1) * dimension));
  return wrapRows(rows, new Set(deleted), dimension);
}
