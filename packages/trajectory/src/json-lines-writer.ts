import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatasetError } from './errors.js';
import { fileError } from './file-error.js';

export interface JsonLinesWriterOptions {
  path: string;
  /**
   * Continue an existing file instead of emptying it. A last line that a crash has torn is cut off first.
   * @default false
   */
  append?: boolean;
}

/** Writes lines as they come. */
export interface JsonLinesWriter {
  /** Writes one value as one line; concurrent calls keep their order. */
  write(value: unknown): Promise<void>;
  /** Waits until everything written so far is on the disk and survives a power cut. */
  flush(): Promise<void>;
  /** Flushes to disk and closes; further writes throw. Closing twice is harmless. */
  close(): Promise<void>;
}

const newline = 0x0a;
const blockBytes = 1 << 16;

/** Offset just after the last newline, 0 when there is none. */
async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  const block = Buffer.alloc(blockBytes);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - blockBytes);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    const found = block.subarray(0, bytesRead).lastIndexOf(newline);
    if (found >= 0) return start + found + 1;
    end = start;
  }
  return 0;
}

/** Cuts a torn last line; one that is whole and only lacks its newline gets it. */
async function mendLastLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const end = await endOfLastLine(file, size);
  if (end === size) return;
  const tail = Buffer.alloc(size - end);
  await file.read(tail, 0, tail.length, end);
  try {
    JSON.parse(tail.toString('utf8'));
  } catch {
    await file.truncate(end);
    return;
  }
  await file.appendFile('\n');
}

/**
 * Opens a JSONL file to add lines one by one, such as a log of episodes. Folders are made as needed.
 * @throws DatasetError when the file cannot be opened or written.
 */
export async function openJsonLinesWriter(options: JsonLinesWriterOptions): Promise<JsonLinesWriter> {
  const { path, append = false } = options;
  let file: FileHandle;
  try {
    await mkdir(dirname(path), { recursive: true });
    file = await open(path, append ? 'a+' : 'w');
    if (append) await mendLastLine(file);
  } catch (cause) {
    throw fileError(path, 'write', cause);
  }

  let closed = false;
  let last: Promise<void> = Promise.resolve();
  const enqueue = (operation: () => Promise<unknown>): Promise<void> => {
    const current = last.then(async () => {
      try {
        await operation();
      } catch (cause) {
        throw fileError(path, 'write', cause);
      }
    });
    // One failed write must not fail those after it; each caller sees its own.
    last = current.catch(() => undefined);
    return current;
  };

  return {
    async write(value) {
      if (closed) throw new DatasetError('this writer is closed', { where: path });
      const line = `${JSON.stringify(value)}\n`;
      await enqueue(() => file.appendFile(line));
    },
    async flush() {
      if (closed) throw new DatasetError('this writer is closed', { where: path });
      await enqueue(() => file.sync());
    },
    async close() {
      if (closed) return;
      closed = true;
      try {
        await enqueue(() => file.sync());
      } finally {
        await file.close();
      }
    },
  };
}
