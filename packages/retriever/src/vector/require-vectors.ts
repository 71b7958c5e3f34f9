import { ConfigError } from '@dgpo/trajectory';

/** @throws ConfigError unless every vector has this length and only finite entries. */
export function requireVectors(vectors: readonly Float32Array[], dimension: number): void {
  for (const [position, vector] of vectors.entries()) {
    if (vector.length !== dimension) {
      throw new ConfigError(`vector ${position} has ${vector.length} entries, the index has ${dimension}`);
    }
    if (!vector.every(Number.isFinite)) throw new ConfigError(`vector ${position} has an entry that is not finite`);
  }
}

/** The common length of the vectors. @throws ConfigError when there are none or they differ. */
export function requireDimension(vectors: readonly Float32Array[]): number {
  const dimension = vectors[0]?.length ?? 0;
  if (dimension === 0) throw new ConfigError('an index needs at least one vector with at least one entry');
  requireVectors(vectors, dimension);
  return dimension;
}
