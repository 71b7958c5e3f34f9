import type { Pooling } from './model-families.js';

/**
 * The vector of each text out of those of its tokens: the mean over the positions that the mask names (Reimers and Gurevych,
 * 2019, https://arxiv.org/abs/1908.10084, eq. in section 3), or the vector of the first of them (`cls`). Positions outside the mask are never
 * read. A text without any token gives the zero vector.
 */
export function poolTokens({
  hidden,
  mask,
  shape: [batch, tokens, dimension],
  pooling,
}: {
  /** `[batch, tokens, dimension]`. */
  hidden: Float32Array;
  /** `[batch, tokens]`: 1 where a token stands, 0 where there is padding. */
  mask: ArrayLike<number | bigint>;
  shape: readonly [batch: number, tokens: number, dimension: number];
  pooling: Pooling;
}): Float32Array[] {
  return Array.from({ length: batch }, (_, row) => {
    const sums = new Float64Array(dimension);
    let count = 0;
    for (let token = 0; token < tokens; token++) {
      if (Number(mask[row * tokens + token]) === 0) continue;
      if (pooling === 'cls' && count > 0) break;
      const start = (row * tokens + token) * dimension;
      for (let column = 0; column < dimension; column++) {
        sums[column] = (sums[column] ?? 0) + (hidden[start + column] ?? 0);
      }
      count++;
    }
    return Float32Array.from(sums, (sum) => (count === 0 ? 0 : sum / count));
  });
}

/** The vector scaled to length 1; the zero vector stays what it is. */
export function normalizeVector(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const entry of vector) squares += entry * entry;
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  return vector.map((entry) => entry * scale);
}
