import { type FileHandle, open } from 'node:fs/promises';
import { readExactly } from './read-exactly.js';
import { storeError } from './store-error.js';

/** Writes a file from front to back through a buffer. Every failure is a RetrieverError that names the file. */
export interface ByteWriter {
  readonly path: string;
  /** Bytes written so far. */
  readonly position: number;
  /** Copies the bytes; a promise only when the buffer had to be written out. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Puts bytes over those at the start of the file. */
  overwriteStart(bytes: Uint8Array): Promise<void>;
  /** Bytes that have been written, read back. */
  read(position: number, length: number): Promise<Buffer>;
  /** Writes out everything and syncs to disk. */
  finish(): Promise<void>;
  /** Closes without writing out; never fails. */
  close(): Promise<void>;
}

const bufferBytes = 1 << 20;

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/** @throws RetrieverError when the file cannot be made. */
export async function createByteWriter(path: string): Promise<ByteWriter> {
  const guarded = async <T>(operation: Promise<T>): Promise<T> => {
    try {
      return await operation;
    } catch (cause) {
      throw storeError(path, 'write', cause);
    }
  };
  const file = await guarded(open(path, 'w+'));
  const buffer = Buffer.allocUnsafe(bufferBytes);
  let filled = 0;
  let flushed = 0;

  const flush = async () => {
    await guarded(writeFully(file, buffer.subarray(0, filled), flushed));
    flushed += filled;
    filled = 0;
  };
  const writeThrough = async (bytes: Uint8Array) => {
    await flush();
    if (bytes.length <= bufferBytes) {
      buffer.set(bytes);
      filled = bytes.length;
      return;
    }
    await guarded(writeFully(file, bytes, flushed));
    flushed += bytes.length;
  };

  return {
    path,
    get position() {
      return flushed + filled;
    },
    write(bytes) {
      if (filled + bytes.length > bufferBytes) return writeThrough(bytes);
      buffer.set(bytes, filled);
      filled += bytes.length;
      return undefined;
    },
    async overwriteStart(bytes) {
      await flush();
      await guarded(writeFully(file, bytes, 0));
    },
    async read(position, length) {
      await flush();
      return readExactly({ path, file, size: flushed }, position, length);
    },
    async finish() {
      await flush();
      await guarded(file.sync());
    },
    close: () => file.close().catch(() => undefined),
  };
}
