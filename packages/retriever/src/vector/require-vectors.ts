import { ConfigError } from '@dgpo/trajectory';

function isFiniteVector(vector: Float32Array): boolean {
  // Zero times infinity and zero times NaN are NaN: one sum, without a branch for each entry.
  let sum = 0;
  for (let position = 0; position < vector.length; position++) sum += 0 * (vector[position] as number);
  return sum === 0;
}

/** @throws ConfigError unless every vector has this length and only finite entries. */
export function requireVectors(vectors: readonly Float32Array[], dimension: number): void {
  for (const [position, vector] of vectors.entries()) {
    if (vector.length !== dimension) {
      throw new ConfigError(`vector ${position} has ${vector.length} entries, the index has ${dimension}`);
    }
    if (!isFiniteVector(vector)) throw new ConfigError(`vector ${position} has an entry that is not finite`);
  }
}

/** @throws ConfigError unless this can be the length of vectors: an integer of 1 to 65,536. */
export function requireDimension(dimension: number): void {
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > 65_536) {
    throw new ConfigError(`the dimension of an index must be an integer of 1 to 65,536, not ${dimension}`);
  }
}

/** @throws ConfigError unless every index belongs to a vector that was added. */
export function requireIndices(indices: readonly number[], length: number): void {
  for (const index of indices) {
    if (!Number.isInteger(index) || index < 0 || index >= length) {
      throw new ConfigError(`there is no vector ${index} to delete: the index has given out 0 to ${length - 1}`);
    }
  }
}
