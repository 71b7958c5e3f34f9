import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ConfigError } from '@dgpo/trajectory';
import type { Document } from '../retriever.js';
import { type Bm25Settings, lengthNorms, resolveBm25Settings } from './bm25-settings.js';
import { createByteWriter } from './bytes.js';
import { createPostingsCollector } from './collect-postings.js';
import { fileNames, type IndexHeader } from './index-files.js';
import { createListWriter } from './list-writer.js';
import { createFileWriter, mergeRuns, type RunRecord, removeRuns, sortedRecords, writeRun } from './posting-runs.js';
import { createDictionaryWriter } from './term-dictionary.js';

export interface Bm25WriterOptions extends Bm25Settings {
  /** An existing directory; the files are named `bm25…`. */
  directory: string;
  /**
   * About how much memory postings may take before they go to disk. Beside it four bytes are kept for each passage. The files
   * are the same bytes whatever it is.
   * @default 268435456
   */
  memoryBytes?: number;
}

export interface Bm25Writer {
  /** Adds the next passage. */
  add(document: Pick<Document, 'contents'>): void;
  /**
   * Writes the index; nothing can be added afterwards.
   * @throws the signal's reason when it is aborted.
   */
  finish(options?: { signal?: AbortSignal }): Promise<void>;
}

/** So many runs are merged at once; each has a file open. */
const mergedRuns = 64;

/** Other work of the process gets its turn after about so many bytes of postings. */
const bytesPerTurn = 1 << 21;

function* joinRecords(paths: readonly string[]): Generator<RunRecord> {
  const list = createListWriter();
  for (const records of mergeRuns(paths)) {
    if (records.length === 1) yield* records;
    else yield list.join(records);
  }
}

/**
 * Writes a BM25 index to disk from passages given one by one, in memory that does not grow with their number but for four bytes
 * each: postings are gathered, put in order by term and spilled, and the spilled runs merged at the end. {@link openBm25} opens it.
 * After an error the directory holds parts of an index.
 * @throws ConfigError for settings outside their range; errors of the file system as they are.
 */
export function createBm25Writer({ directory, memoryBytes = 1 << 28, ...options }: Bm25WriterOptions): Bm25Writer {
  const settings = resolveBm25Settings(options);
  if (!(memoryBytes > 0)) throw new ConfigError(`memoryBytes must be a number above 0, not ${memoryBytes}`);
  const path = (name: string) => join(directory, name);
  let collector = createPostingsCollector();
  let passages = 0;
  let lengths = new Uint32Array(1 << 10);
  let runs: string[] = [];
  let runsWritten = 0;

  const nextRun = () => path(`bm25-run-${runsWritten++}.tmp`);
  const spill = () => {
    const collected = collector.collect();
    if (passages + collected.lengths.length > lengths.length) {
      const larger = new Uint32Array(Math.max(2 * lengths.length, passages + collected.lengths.length));
      larger.set(lengths);
      lengths = larger;
    }
    lengths.set(collected.lengths, passages);
    if (runs.length === mergedRuns) {
      const merged = nextRun();
      writeRun(merged, joinRecords(runs));
      removeRuns(runs);
      runs = [merged];
    }
    const run = nextRun();
    writeRun(run, sortedRecords(collected, passages));
    runs.push(run);
    passages += collected.lengths.length;
    collector = createPostingsCollector();
  };

  const writeLengths = () => {
    const bytes = createByteWriter();
    for (let position = 0; position < passages; position++) bytes.number(lengths[position] as number);
    writeFileSync(path(fileNames.lengths), bytes.view());
    return bytes.length;
  };

  const mergeAll = async (signal: AbortSignal | undefined): Promise<IndexHeader> => {
    const norms = lengthNorms({ lengths: lengths.subarray(0, passages), ...settings });
    const postings = createFileWriter(path(fileNames.postings));
    const dictionary = createFileWriter(path(fileNames.terms));
    let termCount = 0;
    let postingCount = 0;
    let largestFrequency = 1;
    try {
      const terms = createDictionaryWriter({
        write(group) {
          dictionary.bytes.append(group);
          dictionary.flushPiece();
        },
      });
      const list = createListWriter();
      let turnEnds = bytesPerTurn;
      for (const records of mergeRuns(runs)) {
        const offset = postings.length;
        const written = list.write({ records, file: postings, norms });
        terms.add({ term: (records[0] as RunRecord).term, offset, bytes: postings.length - offset, ...written });
        termCount++;
        postingCount += written.count;
        largestFrequency = Math.max(largestFrequency, written.largestFrequency);
        if (postings.length < turnEnds) continue;
        turnEnds = postings.length + bytesPerTurn;
        await setImmediate();
        signal?.throwIfAborted();
      }
      const termIndex = terms.finish();
      writeFileSync(path(fileNames.termIndex), termIndex);
      return {
        format: 'dgpo-bm25',
        formatVersion: 1,
        settings,
        documents: passages,
        terms: termCount,
        postings: postingCount,
        largestFrequency,
        bytes: {
          terms: dictionary.length,
          termIndex: termIndex.length,
          postings: postings.length,
          lengths: writeLengths(),
        },
      };
    } finally {
      postings.close();
      dictionary.close();
    }
  };

  return {
    add({ contents }) {
      collector.add(contents);
      // Putting them in order takes as much again.
      if (2 * collector.bytes > memoryBytes) spill();
    },
    async finish({ signal } = {}) {
      try {
        if (collector.passages > 0) spill();
        const header = await mergeAll(signal);
        writeFileSync(path(fileNames.header), `${JSON.stringify(header, null, 2)}\n`);
      } finally {
        removeRuns(runs);
      }
    },
  };
}
