import type { FileHandle } from 'node:fs/promises';
import { damaged, storeError } from './store-error.js';

/** An open file of an index, with the size it had when it was opened. */
export interface IndexFile {
  path: string;
  file: FileHandle;
  size: number;
}

/**
 * Reads bytes of a file. Nothing is allocated for a range outside of it.
 * @throws RetrieverError when the range lies outside the file or the file has become shorter.
 */
export async function readExactly({ path, file, size }: IndexFile, start: number, length: number): Promise<Buffer> {
  if (!(start >= 0 && length >= 0 && start + length <= size)) {
    throw damaged(path, `it has ${size} bytes; bytes ${start} to ${start + length} are asked for`);
  }
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    let bytesRead: number;
    try {
      ({ bytesRead } = await file.read(bytes, done, length - done, start + done));
    } catch (cause) {
      throw storeError(path, 'read', cause);
    }
    if (bytesRead === 0) throw damaged(path, `it ends at byte ${start + done}, before ${start + length}`);
    done += bytesRead;
  }
  return bytes;
}
