import { type ByteReader, createByteReader, createByteWriter } from './bytes.js';
import { postingsPerBlock } from './posting-blocks.js';

/** Terms that are read together; the first of each group is in the index of the dictionary. */
const termsPerGroup = 64;

/** The bound of a term is stored in two bytes, rounded up. */
const boundScale = 65535;

/** A term of the dictionary, and where its postings lie. */
export interface TermRecord {
  term: string;
  /** How many passages hold it. */
  count: number;
  /** No f / (f + norm) among its postings is larger. */
  bound: number;
  /** First byte of its postings. */
  offset: number;
  /** Length of its postings, the table of their blocks included. */
  bytes: number;
  /** Length of that table, which stands at the end; 0 for a single block. */
  tableBytes: number;
}

/** Where a group of terms lies in the dictionary. */
export interface TermGroup {
  /** The first term of the group. */
  first: string;
  offset: number;
  bytes: number;
}

/**
 * Writes terms, which must come in order: each with the bytes that differ from the term before (front coding), in groups that
 * can be read alone. The index of the dictionary holds the first term and the length of each group.
 */
export function createDictionaryWriter({ write }: { write: (bytes: Uint8Array) => void }) {
  const group = createByteWriter();
  const index = createByteWriter();
  let previous: Uint8Array = new Uint8Array(0);
  let members = 0;
  const endGroup = () => {
    if (members === 0) return;
    index.number(group.length);
    write(group.view());
    group.clear();
    members = 0;
  };
  return {
    add({ term, count, bound, offset, bytes, tableBytes }: TermRecord): void {
      const encoded = Buffer.from(term);
      let shared = 0;
      if (members === 0) {
        group.number(offset);
        index.number(encoded.length);
        index.append(encoded);
      } else {
        while (shared < encoded.length && encoded[shared] === previous[shared]) shared++;
      }
      group.number(shared);
      group.number(encoded.length - shared);
      group.append(encoded.subarray(shared));
      group.number(count);
      group.number(Math.min(boundScale, Math.ceil(bound * boundScale)));
      group.number(bytes);
      if (count > postingsPerBlock) group.number(tableBytes);
      previous = encoded;
      members++;
      if (members === termsPerGroup) endGroup();
    },
    /** Ends the last group. Returns the index of the dictionary. */
    finish(): Uint8Array {
      endGroup();
      return index.view();
    },
  };
}

/** Reads the index of the dictionary. @throws RangeError where it does not fit a dictionary of `bytes` bytes. */
export function readTermGroups(index: Uint8Array, bytes: number): TermGroup[] {
  const reader = createByteReader(index);
  const groups: TermGroup[] = [];
  let offset = 0;
  while (reader.left > 0) {
    const first = Buffer.from(reader.take(reader.number())).toString();
    const length = reader.number();
    groups.push({ first, offset, bytes: length });
    offset += length;
    if (offset > bytes) break;
  }
  if (offset !== bytes) throw new RangeError('the index of the dictionary does not fit the dictionary');
  return groups;
}

function readRecord(reader: ByteReader, spelling: Buffer, offset: number) {
  const shared = reader.number();
  const suffix = reader.take(reader.number());
  if (shared > spelling.length) throw new RangeError('a term begins like more of the term before than there is');
  const encoded = Buffer.concat([spelling.subarray(0, shared), suffix]);
  const count = reader.number();
  const bound = reader.number() / boundScale;
  const bytes = reader.number();
  const tableBytes = count > postingsPerBlock ? reader.number() : 0;
  return { encoded, record: { term: encoded.toString(), count, bound, offset, bytes, tableBytes } };
}

/**
 * Reads one group of terms.
 * @throws RangeError where it is damaged, or names more postings than `size` passages and a file of `postingsBytes` bytes can hold.
 */
export function readTerms(
  group: Uint8Array,
  { size, postingsBytes }: { size: number; postingsBytes: number },
): TermRecord[] {
  const reader = createByteReader(group);
  const records: TermRecord[] = [];
  let offset = reader.number();
  let spelling: Buffer = Buffer.alloc(0);
  while (reader.left > 0) {
    const { encoded, record } = readRecord(reader, spelling, offset);
    spelling = encoded;
    offset += record.bytes;
    if (
      record.count < 1 ||
      record.count > Math.min(size, record.bytes - record.tableBytes) ||
      offset > postingsBytes ||
      record.bound > 1
    ) {
      throw new RangeError('the dictionary names postings that cannot be');
    }
    records.push(record);
  }
  return records;
}
