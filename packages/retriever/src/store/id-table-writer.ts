import { rm } from 'node:fs/promises';
import { type ByteWriter, createByteWriter } from './byte-writer.js';
import { entryBytes, type HashId, hashBytes, hashId } from './id-table.js';

export interface IdTableWriter {
  /** A promise only when something had to be written out. */
  add(id: string, position: number): Promise<void> | undefined;
  /**
   * Sorts and writes the table.
   * @param onEqualHashes told the positions whose ids share a hash, two or more
   */
  finish(onEqualHashes: (positions: readonly number[]) => Promise<void>): Promise<void>;
  /** Closes what is open and removes the temporary file; never fails. */
  close(): Promise<void>;
}

/** Entries are sorted bucket by bucket, the bucket being the first byte of the hash. */
const buckets = 256;
const bucketBytes = entryBytes * 1365;

/** Entries sorted by hash, then by position. */
function sortEntries(entries: Buffer): Buffer {
  const count = entries.length / entryBytes;
  const high = new Uint32Array(count);
  const low = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    high[index] = entries.readUInt32BE(index * entryBytes);
    low[index] = entries.readUInt32BE(index * entryBytes + 4);
  }
  const at = (array: Uint32Array, index: number) => array[index] ?? 0;
  // Entries come in the order of their positions.
  const order = Uint32Array.from({ length: count }, (_, index) => index).sort(
    (left, right) => at(high, left) - at(high, right) || at(low, left) - at(low, right) || left - right,
  );
  const sorted = Buffer.allocUnsafe(entries.length);
  for (const [target, source] of order.entries()) {
    entries.copy(sorted, target * entryBytes, source * entryBytes, (source + 1) * entryBytes);
  }
  return sorted;
}

/** Positions of each run of equal hashes in sorted entries. */
function* equalHashes(entries: Buffer): Generator<number[]> {
  const hashAt = (start: number) => entries.subarray(start, start + hashBytes);
  for (let start = 0; start < entries.length; ) {
    let end = start + entryBytes;
    while (end < entries.length && hashAt(end).equals(hashAt(start))) end += entryBytes;
    if (end - start > entryBytes) {
      const positions: number[] = [];
      for (let entry = start; entry < end; entry += entryBytes) positions.push(entries.readUInt32LE(entry + hashBytes));
      yield positions;
    }
    start = end;
  }
}

/**
 * Collects the ids of a corpus in bounded memory: 4 MiB of buckets that go to a temporary file as they fill, and at the end one
 * bucket (a 256th of the table) at a time.
 */
export async function createIdTableWriter({
  path,
  hash = hashId,
}: {
  path: string;
  hash?: HashId | undefined;
}): Promise<IdTableWriter> {
  const table = await createByteWriter(path);
  const spillPath = `${path}.unsorted`;
  let spill: ByteWriter | undefined;
  const memory = Buffer.alloc(buckets * bucketBytes);
  const filled = new Uint32Array(buckets);
  /** Where in the temporary file the parts of each bucket begin, `bucketBytes` each. */
  const parts: number[][] = Array.from({ length: buckets }, () => []);

  const memoryOf = (bucket: number) =>
    memory.subarray(bucket * bucketBytes, bucket * bucketBytes + (filled[bucket] ?? 0));
  const spillBucket = async (bucket: number) => {
    spill ??= await createByteWriter(spillPath);
    parts[bucket]?.push(spill.position);
    await spill.write(memoryOf(bucket));
    filled[bucket] = 0;
  };

  return {
    add(id, position) {
      const bytes = hash(id);
      const bucket = bytes[0] ?? 0;
      const start = bucket * bucketBytes + (filled[bucket] ?? 0);
      memory.set(bytes, start);
      memory.writeUInt32LE(position, start + hashBytes);
      filled[bucket] = (filled[bucket] ?? 0) + entryBytes;
      return filled[bucket] === bucketBytes ? spillBucket(bucket) : undefined;
    },
    async finish(onEqualHashes) {
      for (let bucket = 0; bucket < buckets; bucket++) {
        const pieces: Buffer[] = [];
        for (const start of parts[bucket] ?? []) {
          if (spill !== undefined) pieces.push(await spill.read(start, bucketBytes));
        }
        if (pieces.length === 0 && filled[bucket] === 0) continue;
        const entries = sortEntries(Buffer.concat([...pieces, memoryOf(bucket)]));
        for (const positions of equalHashes(entries)) await onEqualHashes(positions);
        await table.write(entries);
      }
      await table.finish();
    },
    async close() {
      await table.close();
      await spill?.close();
      await rm(spillPath, { force: true }).catch(() => undefined);
    },
  };
}
