import { ConfigError, openJsonLinesWriter, readJsonLines, type Trajectory } from '@dgpo/trajectory';
import { requireCount } from '../require-options.js';
import type { HintWriter } from './create-hint-writer.js';
import { type HintRecord, readHintRecord } from './hint-record.js';

export interface CollectHintsOptions {
  writer: HintWriter;
  /** Episodes; those that succeeded, or were ended by an error, are left out. */
  trajectories: Iterable<Trajectory> | AsyncIterable<Trajectory>;
  /** File of records, one a line. What is there already is not asked for again. */
  path: string;
  /** Episodes on the way at once. @default 4 */
  concurrency?: number;
  signal?: AbortSignal;
}

/**
 * Records of hints as {@link collectHints} has written them.
 * @throws DatasetError naming the file when it is missing, and the record, from 1, that is none
 */
export async function readHintRecords(path: string): Promise<HintRecord[]> {
  const records: HintRecord[] = [];
  for await (const value of readJsonLines(path)) {
    records.push(readHintRecord(value, `${path}, record ${records.length + 1}`));
  }
  return records;
}

/**
 * Asks for the hints of every failed episode and appends them to a file, in the order of the episodes. When it breaks off, the next call
 * goes on after the last record.
 *
 * @returns all records of the file.
 * @throws what the writer throws, after what came before is written; DatasetError when the file cannot be read or written; ConfigError for a
 * file of another writer; the signal's reason
 */
export async function collectHints(options: CollectHintsOptions): Promise<HintRecord[]> {
  const { concurrency = 4, path, signal, trajectories, writer } = options;
  requireCount('concurrency', concurrency);
  const file = await openJsonLinesWriter({ path, append: true });
  try {
    const records = await readHintRecords(path);
    const other = records.find(({ source }) => source !== writer.source);
    if (other !== undefined) {
      throw new ConfigError(`this file holds hints of ${other.source}, not of ${writer.source}; name another one`, {
        where: path,
      });
    }
    const known = new Set(records.map(({ id }) => id));
    let batch: Trajectory[] = [];
    const flush = async () => {
      signal?.throwIfAborted();
      const settled = await Promise.allSettled(batch.map((trajectory) => writer.write({ trajectory, signal })));
      batch = [];
      for (const result of settled) {
        if (result.status === 'rejected') throw result.reason;
        await file.write(result.value);
        records.push(result.value);
      }
    };
    for await (const trajectory of trajectories) {
      const { correct, endedBy } = trajectory.outcome;
      if (correct || endedBy === 'error' || known.has(trajectory.id)) continue;
      known.add(trajectory.id);
      batch.push(trajectory);
      if (batch.length >= concurrency) await flush();
    }
    await flush();
    return records;
  } finally {
    await file.close();
  }
}
