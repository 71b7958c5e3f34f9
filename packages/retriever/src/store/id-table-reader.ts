import { entryBytes, type HashId, hashBytes, hashId } from './id-table.js';
import { type IndexFile, readExactly } from './read-exactly.js';
import { damaged } from './store-error.js';

const blockEntries = 341;

/** A hash as a number between 0 and 1. */
const toFraction = (hash: Buffer) => hash.readUInt32BE(0) / 2 ** 32 + hash.readUInt32BE(4) / 2 ** 64;

const entriesOf = (block: Buffer) => block.length / entryBytes;
const hashOf = (block: Buffer, entry: number) => block.subarray(entry * entryBytes, entry * entryBytes + hashBytes);

/**
 * Positions of the passages whose ids have the hash of `id`, read from a sorted table by interpolation in blocks of 4 KiB. The caller
 * compares the ids.
 * @throws RetrieverError when the table names passages that are not there.
 */
export async function findCandidates(
  { table, size, hash = hashId }: { table: IndexFile; size: number; hash?: HashId | undefined },
  id: string,
): Promise<number[]> {
  const blocks = Math.ceil(size / blockEntries);
  const wanted = hash(id);
  const readBlock = (index: number) => {
    const first = index * blockEntries;
    return readExactly(table, first * entryBytes, Math.min(blockEntries, size - first) * entryBytes);
  };

  // The first block whose last hash is not below the wanted one lies in [low, high]; `blocks` means there is none.
  let low = 0;
  let high = blocks;
  let lowHash = 0;
  let highHash = 1;
  for (let step = 0; low < high; step++) {
    // Hashes are spread evenly; halving now and then bounds the steps should a table be otherwise.
    const share = step % 3 === 2 ? 0.5 : (toFraction(wanted) - lowHash) / (highHash - lowHash);
    const middle = Math.min(high - 1, Math.max(low, low + Math.floor(share * (high - low)) || low));
    const block = await readBlock(middle);
    const first = hashOf(block, 0);
    const last = hashOf(block, entriesOf(block) - 1);
    if (last.compare(wanted) < 0) {
      low = middle + 1;
      lowHash = toFraction(last);
    } else if (first.compare(wanted) < 0) {
      low = middle;
      high = middle;
    } else {
      high = middle;
      highHash = toFraction(first);
    }
  }

  const positions: number[] = [];
  for (let index = low; index < blocks; index++) {
    const block = await readBlock(index);
    for (let entry = 0; entry < entriesOf(block); entry++) {
      const order = hashOf(block, entry).compare(wanted);
      if (order > 0) return positions;
      if (order < 0) continue;
      const position = block.readUInt32LE(entry * entryBytes + hashBytes);
      if (position >= size) throw damaged(table.path, `it names passage ${position} of ${size}`);
      positions.push(position);
    }
  }
  return positions;
}
