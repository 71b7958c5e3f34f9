import { rename, rm } from 'node:fs/promises';
import { RetrieverError } from '@dgpo/trajectory';
import { readFloat32Array, writeTypedArray } from '../store/typed-array-file.js';

/** Writes `[rows, dimension]` float32 as one file that is there whole or not at all. */
export async function writeShard(path: string, block: Float32Array): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await writeTypedArray(partial, block);
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw cause;
  }
}

/**
 * The vectors of one file of `encodePassages`, in order; views of one block.
 * @throws RetrieverError when the file cannot be read or does not hold whole vectors.
 */
export async function readShard(path: string, dimension: number): Promise<Float32Array[]> {
  let block: Float32Array;
  try {
    block = await readFloat32Array(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RetrieverError(`these vectors cannot be read (${reason})`, { where: path, cause });
  }
  if (block.length % dimension !== 0) {
    throw new RetrieverError(`the file is damaged: ${block.length} numbers are no whole vectors of ${dimension}`, {
      where: path,
    });
  }
  return Array.from({ length: block.length / dimension }, (_, row) =>
    block.subarray(row * dimension, (row + 1) * dimension),
  );
}
