import { acceptsRecord, adapters, formatOf, type LogFormat, logFormats } from '../adapters/log-formats.js';
import { DatasetError, isDgpoError } from '../errors.js';
import type { Trajectory } from '../trajectory.js';
import { type LogRecord, readRecords } from './read-records.js';

/** A record of a log that is no episode. */
export interface RejectedRecord {
  /** Line of the file on which it begins, from 1. */
  line: number;
  /** Its number among the records, from 1. */
  record: number;
  reason: string;
}

export interface LogFileOptions {
  path: string;
  /** Longest record that is read, in UTF-16 units; a longer one is rejected. @default 33554432 */
  maxRecordLength?: number;
}

export interface ReadLogsOptions extends LogFileOptions {
  /** `auto` takes the format of the first record for the whole file. @default 'auto' */
  format?: LogFormat | 'auto';
  /** Gets each record that is no episode: cut off, of another shape, without question or with a score that is no number. @default throws a DatasetError */
  onRejected?: (rejected: RejectedRecord) => void;
}

const defaultMaxRecordLength = 1 << 25;

/**
 * The format of a log by the shape of its first record.
 *
 * @throws DatasetError if no format fits it, or the file is empty or cannot be read.
 */
export async function detectLogFormat({ path, maxRecordLength }: LogFileOptions): Promise<LogFormat> {
  for await (const record of readRecords(path, maxRecordLength ?? defaultMaxRecordLength)) {
    const format = record.problem === null ? formatOf(record.value) : null;
    if (format !== null) return format;
    throw unknownShape(path, record, logFormats);
  }
  throw new DatasetError('there are no episodes in this file', { where: path });
}

/**
 * Streams the episodes of a log: JSONL, or one list of records. Ids repeat in logs with several samples of a question; these are numbered.
 *
 * @throws DatasetError if the first record has another shape (the message shows it, and what was expected), if a record is rejected and there is
 * no `onRejected`, and if the file cannot be read.
 */
export async function* readLogs(options: ReadLogsOptions): AsyncGenerator<Trajectory> {
  const { path, maxRecordLength = defaultMaxRecordLength, onRejected } = options;
  const reject = (record: LogRecord, reason: string) => {
    if (onRejected === undefined) throw new DatasetError(reason, { where: `${path}:${record.line}` });
    onRejected({ line: record.line, record: record.number, reason });
  };
  const numberSample = createSampleCounter();
  let format = options.format === 'auto' ? undefined : options.format;
  for await (const record of readRecords(path, maxRecordLength)) {
    if (record.number === 1) {
      const named = format;
      format ??= record.problem === null ? (formatOf(record.value) ?? undefined) : undefined;
      if (format === undefined || record.problem !== null || !acceptsRecord(record.value, format)) {
        throw unknownShape(path, record, named === undefined ? logFormats : [named]);
      }
    }
    if (format === undefined) return;
    if (record.problem !== null) {
      reject(record, record.problem);
      continue;
    }
    let trajectory: Trajectory;
    try {
      trajectory = trajectoryFromRecord(record.value, { format });
    } catch (error) {
      if (!isDgpoError(error)) throw error;
      reject(record, error.message);
      continue;
    }
    yield format === 'dgpo' ? trajectory : numberSample(trajectory);
  }
}

/**
 * One record of a log as a trajectory, see {@link readLogs} for files.
 *
 * @throws DatasetError if the record has another shape, or lacks its question, or has a score that is no number.
 */
export function trajectoryFromRecord(record: unknown, { format }: { format: LogFormat }): Trajectory {
  const adapter = adapters[format];
  if (acceptsRecord(record, format)) return adapter.toTrajectory(record);
  const other = formatOf(record);
  const found = other === null ? `found ${shorten(JSON.stringify(record) ?? '', 120)}` : `this looks like ${other}`;
  throw new DatasetError(`not of the format ${format}: expected ${adapter.expected}; ${found}`);
}

/** Gives a sample the next number of its question when its own is taken. */
function createSampleCounter(): (trajectory: Trajectory) => Trajectory {
  const taken = new Map<string, number>();
  return (trajectory) => {
    const { task } = trajectory;
    const sample = Math.max(trajectory.sample, taken.get(task.id) ?? 0);
    taken.set(task.id, sample + 1);
    return sample === trajectory.sample ? trajectory : { ...trajectory, id: `${task.id}#${sample}`, sample };
  };
}

const shorten = (text: string, length: number) => (text.length > length ? `${text.slice(0, length)}…` : text);

function unknownShape(path: string, record: LogRecord, formats: readonly LogFormat[]): DatasetError {
  const expected = formats.map((format) => `${format}: ${adapters[format].expected}`).join('. ');
  const found = record.problem === null ? '' : ` (${record.problem})`;
  return new DatasetError(
    `the first record has an unknown shape${found}: ${shorten(record.text.trim(), 300)} — expected JSONL or a list of records. ${expected}.`,
    { where: `${path}:${record.line}` },
  );
}
