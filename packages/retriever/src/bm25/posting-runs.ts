import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { type ByteWriter, createByteReader, createByteWriter } from './bytes.js';
import type { CollectedPostings } from './collect-postings.js';
import { writePosting } from './posting-blocks.js';

/** Bytes are written and read in pieces of about this size. */
const pieceBytes = 1 << 16;

/** Writes a file piece by piece. */
export function createFileWriter(path: string) {
  const file = openSync(path, 'w');
  const bytes = createByteWriter(pieceBytes);
  let written = 0;
  const flush = () => {
    const view = bytes.view();
    for (let start = 0; start < view.length; ) start += writeSync(file, view, start);
    written += view.length;
    bytes.clear();
  };
  return {
    bytes,
    /** Length of the file so far. */
    get length() {
      return written + bytes.length;
    },
    /** Writes what has gathered when it is a piece. */
    flushPiece(): void {
      if (bytes.length >= pieceBytes) flush();
    },
    /** Writes the rest. */
    close(): void {
      try {
        flush();
      } finally {
        closeSync(file);
      }
    },
    /** Closes the file after a failure. */
    abandon: () => closeSync(file),
  };
}

/** The postings of one term in one run. */
export interface RunRecord {
  term: string;
  count: number;
  /** As {@link writePosting} writes them, positions counted from the start of the corpus. */
  postings: Uint8Array;
}

function writeRecord(
  file: ReturnType<typeof createFileWriter>,
  record: ByteWriter,
  { term, count, postings }: RunRecord,
) {
  const encoded = Buffer.from(term);
  record.clear();
  record.number(encoded.length);
  record.append(encoded);
  record.number(count);
  record.append(postings);
  file.bytes.number(record.length);
  file.bytes.append(record.view());
  file.flushPiece();
}

/** Writes a run: records in order of their terms. */
export function writeRun(path: string, records: Iterable<RunRecord>): void {
  const file = createFileWriter(path);
  const scratch = createByteWriter();
  try {
    for (const record of records) writeRecord(file, scratch, record);
  } catch (error) {
    file.abandon();
    throw error;
  }
  file.close();
}

/** The records of collected postings, whose first passage stands at `base` in the corpus. */
export function* sortedRecords(
  { terms, offsets, documents, frequencies }: CollectedPostings,
  base: number,
): Generator<RunRecord> {
  const ids = new Map(terms.map((term, id) => [term, id]));
  const bytes = createByteWriter();
  for (const term of [...terms].sort()) {
    const id = ids.get(term) as number;
    const end = offsets[id + 1] as number;
    let previous = -1;
    bytes.clear();
    for (let entry = offsets[id] as number; entry < end; entry++) {
      const document = base + (documents[entry] as number);
      writePosting(bytes, document, previous, frequencies[entry] as number);
      previous = document;
    }
    yield { term, count: end - (offsets[id] as number), postings: bytes.view() };
  }
}

/** Reads the records of a run in order; each is valid until the next is asked for. */
function* readRun(path: string): Generator<RunRecord> {
  const file = openSync(path, 'r');
  try {
    let window = Buffer.alloc(0);
    let at = 0;
    const ensure = (bytes: number) => {
      if (window.length - at >= bytes) return;
      const rest = window.subarray(at);
      const next = Buffer.allocUnsafe(Math.max(bytes, pieceBytes));
      rest.copy(next);
      let filled = rest.length;
      for (let read = 1; read > 0 && filled < next.length; filled += read) {
        read = readSync(file, next, filled, next.length - filled, null);
      }
      window = next.subarray(0, filled);
      at = 0;
    };
    for (;;) {
      ensure(8);
      if (window.length === at) return;
      const prefix = createByteReader(window.subarray(at));
      const length = prefix.number();
      at += prefix.position;
      ensure(length);
      const reader = createByteReader(window.subarray(at, at + length));
      at += length;
      const term = Buffer.from(reader.take(reader.number())).toString();
      const count = reader.number();
      yield { term, count, postings: reader.take(reader.left) };
    }
  } finally {
    closeSync(file);
  }
}

/** Merges runs: for each term in order its records, those of earlier runs first. Valid until the next is asked for. */
export function* mergeRuns(paths: readonly string[]): Generator<readonly RunRecord[]> {
  const runs = paths.map(readRun);
  try {
    const heads = runs.map((run) => run.next());
    for (;;) {
      let smallest: string | undefined;
      for (const head of heads) {
        if (!head.done && (smallest === undefined || head.value.term < smallest)) smallest = head.value.term;
      }
      if (smallest === undefined) return;
      const records: RunRecord[] = [];
      const holders: number[] = [];
      for (const [run, head] of heads.entries()) {
        if (head.done || head.value.term !== smallest) continue;
        records.push(head.value);
        holders.push(run);
      }
      yield records;
      for (const run of holders) heads[run] = (runs[run] as Generator<RunRecord>).next();
    }
  } finally {
    for (const run of runs) run.return(undefined);
  }
}

export function removeRuns(paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { force: true });
}
