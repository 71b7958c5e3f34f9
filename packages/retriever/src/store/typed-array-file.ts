import { open } from 'node:fs/promises';

type TypedArray = Uint32Array | Float32Array;

/** Bytes a single read or write may move; Node refuses more than 2 GiB at once. */
const chunkBytes = 1 << 28;

/** Writes the bytes of an array as they lie in memory (little-endian on every platform Node runs on but s390x). */
export async function writeTypedArray(path: string, array: TypedArray): Promise<void> {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const file = await open(path, 'w');
  try {
    for (let start = 0; start < bytes.length; ) {
      start += (await file.write(bytes, start, Math.min(chunkBytes, bytes.length - start))).bytesWritten;
    }
  } finally {
    await file.close();
  }
}

async function readBytes(path: string): Promise<ArrayBuffer> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array((await file.stat()).size);
    for (let start = 0; start < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, start, Math.min(chunkBytes, bytes.length - start));
      if (bytesRead === 0) break;
      start += bytesRead;
    }
    return bytes.buffer;
  } finally {
    await file.close();
  }
}

/** Reads what {@link writeTypedArray} wrote. @throws RangeError when the size of the file is not a multiple of 4. */
export const readUint32Array = async (path: string) => new Uint32Array(await readBytes(path));

/** Reads what {@link writeTypedArray} wrote. @throws RangeError when the size of the file is not a multiple of 4. */
export const readFloat32Array = async (path: string) => new Float32Array(await readBytes(path));
