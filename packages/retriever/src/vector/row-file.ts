import { type FileHandle, open } from 'node:fs/promises';

/** Rows of float32 in a file, `[length, dimension]`, little-endian. */
export interface RowFile {
  readonly length: number;
  /** Some rows from `start` on, in arrays of their own. */
  read(start: number, count: number): Promise<Float32Array[]>;
  close(): Promise<void>;
}

const chunkBytes = 1 << 22;

/** How many rows are read or written at a time. */
export const rowsPerChunk = (dimension: number) => Math.max(1, Math.floor(chunkBytes / (4 * dimension)));

async function readRows(file: FileHandle, dimension: number, start: number, count: number): Promise<Float32Array[]> {
  const bytes = new Uint8Array(count * dimension * 4);
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start * dimension * 4 + done);
    if (bytesRead === 0) throw new RangeError('the file of vectors ends early');
    done += bytesRead;
  }
  return Array.from({ length: count }, (_, row) => new Float32Array(bytes.buffer, row * dimension * 4, dimension));
}

/** Opens a file of rows. @throws RangeError when its size is not a multiple of a row's. */
export async function openRowFile(path: string, dimension: number): Promise<RowFile> {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  const length = size / (4 * dimension);
  if (!Number.isInteger(length) || length >= 2 ** 31) {
    await file.close();
    throw new RangeError(`${path} does not hold rows of ${dimension} numbers`);
  }
  return {
    length,
    read: (start, count) => readRows(file, dimension, start, count),
    close: () => file.close(),
  };
}

/** Writes `length` rows, got some at a time. */
export async function writeRowFile({
  path,
  dimension,
  length,
  read,
}: {
  path: string;
  dimension: number;
  length: number;
  read: (start: number, count: number) => Promise<Float32Array[]> | Float32Array[];
}): Promise<void> {
  const file = await open(path, 'w');
  try {
    const perChunk = rowsPerChunk(dimension);
    for (let start = 0; start < length; start += perChunk) {
      const rows = await read(start, Math.min(perChunk, length - start));
      const block = new Float32Array(rows.length * dimension);
      for (const [row, vector] of rows.entries()) block.set(vector, row * dimension);
      const bytes = new Uint8Array(block.buffer);
      for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
    }
  } finally {
    await file.close();
  }
}
