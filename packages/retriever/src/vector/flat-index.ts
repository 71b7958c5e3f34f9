import { join } from 'node:path';
import { requireTopK } from '../require-top-k.js';
import { readFloat32Array, writeTypedArray } from '../store/typed-array-file.js';
import { selectTopK } from '../top-k.js';
import { requireDimension, requireVectors } from './require-vectors.js';
import type { VectorIndex } from './vector-index.js';

/** The vectors in one row-major block, `[size, dimension]`; the HNSW index keeps this file too. */
export const vectorsName = 'vectors.f32';

function wrapBlock(block: Float32Array, dimension: number): VectorIndex {
  const size = block.length / dimension;
  const scores = new Float64Array(size);
  return {
    kind: 'flat',
    size,
    dimension,
    settings: {},
    search({ vectors, topK }) {
      requireTopK(topK);
      requireVectors(vectors, dimension);
      return vectors.map((query) => {
        for (let row = 0; row < size; row++) {
          let sum = 0;
          const start = row * dimension;
          for (let column = 0; column < dimension; column++) {
            sum += (query[column] as number) * (block[start + column] as number);
          }
          scores[row] = sum;
        }
        return selectTopK(scores, topK);
      });
    },
    save: (directory) => writeTypedArray(join(directory, vectorsName), block),
  };
}

/**
 * An exact index: compares the query with every vector, sums in float64. Right for up to some 100,000 vectors, and the
 * measure for every approximate index.
 * @throws ConfigError when there are no vectors, they differ in length or have entries that are not finite.
 */
export function createFlatIndex({ vectors }: { vectors: readonly Float32Array[] }): VectorIndex {
  const dimension = requireDimension(vectors);
  const block = new Float32Array(vectors.length * dimension);
  for (const [row, vector] of vectors.entries()) block.set(vector, row * dimension);
  return wrapBlock(block, dimension);
}

/** Opens what `save` wrote. @throws RangeError when the file does not hold this many vectors. */
export async function openFlatIndex({
  directory,
  size,
  dimension,
}: {
  directory: string;
  size: number;
  dimension: number;
}): Promise<VectorIndex> {
  const block = await readFloat32Array(join(directory, vectorsName));
  if (block.length !== size * dimension) {
    throw new RangeError(`${vectorsName} holds ${block.length} numbers instead of ${size} x ${dimension}`);
  }
  return wrapBlock(block, dimension);
}
