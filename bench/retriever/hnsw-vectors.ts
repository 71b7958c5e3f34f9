import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createRandom } from '@dgpo/trajectory';

/** Directions that sentence embeddings really use, roughly: their intrinsic dimension is far below their length. */
const latent = 32;
const clusters = 256;

/**
 * Writes `count` seeded vectors of length 1 as float32 rows: points of a mixture of normal clusters in a 32-dimensional space,
 * turned into `dimension` coordinates, with a little noise in all of them.
 */
export async function writeVectors({
  path,
  count,
  dimension,
  part,
}: {
  path: string;
  count: number;
  dimension: number;
  /** Vectors of other names are drawn anew over the same clusters. */
  part: string;
}): Promise<void> {
  const world = createRandom(7).split('world');
  const directions = Float64Array.from({ length: latent * dimension }, () => world.normal() / Math.sqrt(latent));
  const centres = Float64Array.from({ length: clusters * latent }, () => world.normal());
  const random = createRandom(7).split(part);
  const stream = createWriteStream(path, { highWaterMark: 1 << 22 });
  const point = new Float64Array(latent);
  for (let row = 0; row < count; row++) {
    const cluster = random.integer(clusters) * latent;
    for (let axis = 0; axis < latent; axis++) point[axis] = (centres[cluster + axis] ?? 0) + random.normal();
    const vector = new Float32Array(dimension);
    let squares = 0;
    for (let column = 0; column < dimension; column++) {
      let sum = 0;
      for (let axis = 0; axis < latent; axis++)
        sum += (point[axis] ?? 0) * (directions[axis * dimension + column] ?? 0);
      sum += 0.1 * random.normal();
      vector[column] = sum;
      squares += sum * sum;
    }
    const scale = 1 / Math.sqrt(squares);
    for (let column = 0; column < dimension; column++) vector[column] = (vector[column] ?? 0) * scale;
    if (!stream.write(new Uint8Array(vector.buffer))) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
}
