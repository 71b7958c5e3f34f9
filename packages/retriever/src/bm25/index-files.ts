import { open } from 'node:fs/promises';
import { z } from 'zod';

/** The files of an index on disk; no other has these names. */
export const fileNames = {
  header: 'bm25.json',
  /** The terms in order of their UTF-16 code units, see `term-dictionary.ts`. */
  terms: 'bm25-terms.bin',
  /** The first term of every group of the dictionary. */
  termIndex: 'bm25-term-index.bin',
  /** The postings of every term in the order of the dictionary, see `posting-blocks.ts`. */
  postings: 'bm25-postings.bin',
  /** The length of every passage in words. */
  lengths: 'bm25-lengths.bin',
} as const;

const count = z.number().int().nonnegative();

export const headerSchema = z
  .object({
    format: z.literal('dgpo-bm25'),
    formatVersion: z.literal(1),
    settings: z.object({ k1: z.number().min(0), b: z.number().min(0).max(1), idf: z.enum(['lucene', 'robertson']) }),
    documents: count.max(2 ** 31 - 1),
    terms: count.max(2 ** 31 - 1),
    postings: count,
    largestFrequency: count.max(2 ** 32 - 1),
    bytes: z.object({ terms: count, termIndex: count, postings: count, lengths: count }),
  })
  // Each of them takes a byte at least: what is allocated for them stays in proportion to the files.
  .refine(
    (header) =>
      header.documents <= header.bytes.lengths &&
      header.terms <= header.bytes.terms &&
      header.postings <= header.bytes.postings,
    { error: 'it counts more than its files can hold' },
  );

/** What `bm25.json` holds. */
export type IndexHeader = z.infer<typeof headerSchema>;

export interface FileBytes {
  /** @throws RangeError where the file ends before. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Bytes a single read may move; Node refuses more than 2 GiB at once. */
const chunkBytes = 1 << 28;

/** Opens a file to be read piece by piece. @throws RangeError when it is not `bytes` long. */
export async function openFileBytes({ path, bytes }: { path: string; bytes: number }): Promise<FileBytes> {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  if (size !== bytes) {
    await file.close();
    throw new RangeError(`${path} has ${size} bytes instead of ${bytes}`);
  }
  return {
    async read(offset, length) {
      if (offset + length > bytes) throw new RangeError(`${path} ends too early`);
      const target = Buffer.allocUnsafe(length);
      for (let start = 0; start < length; ) {
        const { bytesRead } = await file.read(target, start, Math.min(chunkBytes, length - start), offset + start);
        if (bytesRead === 0) throw new RangeError(`${path} ends too early`);
        start += bytesRead;
      }
      return target;
    },
    close: () => file.close(),
  };
}

/** Reads ahead in a file whose pieces are asked for in order. */
export function readAhead(file: FileBytes, bytes: number, windowBytes = 1 << 22): FileBytes['read'] {
  let window = new Uint8Array(0) as Uint8Array;
  let start = 0;
  return async (offset, length) => {
    if (offset < start || offset + length > start + window.length) {
      window = await file.read(offset, Math.max(length, Math.min(windowBytes, bytes - offset)));
      start = offset;
    }
    return window.subarray(offset - start, offset - start + length);
  };
}
