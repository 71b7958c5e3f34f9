import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { readWandbLog, wandbHeader, wandbLogRecord } from './wandb-log.js';
import {
  readWandbRecord,
  type WandbHistory,
  type WandbRunFacts,
  wandbExitRecord,
  wandbHeaderRecord,
  wandbHistoryRecord,
  wandbRunRecord,
  wandbSummaryRecord,
} from './wandb-records.js';

/** An open `.wandb` file. */
export interface WandbFile {
  /** The folder to give to `wandb sync`. */
  directory: string;
  /** The steps that an earlier attempt wrote and that still hold, oldest first. */
  kept: readonly WandbHistory[];
  /** Adds a step; it is on its way to the disk on return. */
  append(history: WandbHistory, step: number): void;
  /** Ends the run: nothing more may be appended. */
  close(runtime: number): void;
  /** Notes, as W&B's own tools do, that the server has everything. */
  markSynced(): void;
}

/** Files are read whole on resume. */
const maxBytes = 2 ** 30;

/** `20250131_134500`, in UTC. */
const dateName = (seconds: number) =>
  new Date(seconds * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');

/** What stands before the first step that is not done, and how many records that is. */
function readKept(path: string, completedSteps: number) {
  if (statSync(path).size > maxBytes) {
    throw new ConfigError('is too large to continue; move it away, or choose another tracking.name', { where: path });
  }
  const kept: WandbHistory[] = [];
  let end = 0;
  let count = 0;
  for (const entry of readWandbLog(readFileSync(path))) {
    const content = readWandbRecord(entry.data);
    if (content === 'exit' || (content !== undefined && content.step > completedSteps)) break;
    if (content !== undefined) kept.push(content.history);
    end = entry.end;
    count += 1;
  }
  return { kept, end, count };
}

/**
 * Opens `offline-run-<date>-<id>/run-<id>.wandb`. A run that is there already is continued: it is cut back to `completedSteps`, and so
 * is a record that a killed process left torn.
 *
 * @throws {ConfigError} when the file to continue is larger than 1 GiB
 */
export function openWandbFile(options: {
  /** Folder that holds the runs, named `wandb` by convention. */
  directory: string;
  facts: WandbRunFacts;
  /** Steps that hold; 0 starts afresh. */
  completedSteps: number;
  /** Seconds since 1970. */
  startTime: number;
}): WandbFile {
  const { facts, completedSteps, startTime } = options;
  mkdirSync(options.directory, { recursive: true });
  const earlier = readdirSync(options.directory).find(
    (name) => /^offline-run-\d{8}_\d{6}-(.*)$/.exec(name)?.[1] === facts.id,
  );
  const directory = join(options.directory, earlier ?? `offline-run-${dateName(startTime)}-${facts.id}`);
  mkdirSync(join(directory, 'files'), { recursive: true });
  const path = join(directory, `run-${facts.id}.wandb`);
  const synced = `${path}.synced`;
  // `wandb sync` leaves out what is marked, and goes on where it was.
  for (const mark of [synced, `${path}.syncstate`]) rmSync(mark, { force: true });
  const file = openSync(path, 'a');
  const { kept, end, count } = completedSteps === 0 ? { kept: [], end: 0, count: 0 } : readKept(path, completedSteps);
  ftruncateSync(file, end);
  let offset = end;
  let num = count;
  const writeBytes = (bytes: Uint8Array) => {
    writeSync(file, bytes);
    offset += bytes.length;
  };
  const write = (make: (num: number) => Uint8Array) => {
    num += 1;
    writeBytes(wandbLogRecord(make(num), offset));
  };
  // A file that ends within its first two records is begun again.
  if (count < 2) {
    ftruncateSync(file, 0);
    offset = 0;
    num = 0;
    writeBytes(wandbHeader);
    write((next) => wandbHeaderRecord(next, facts.id));
    write((next) => wandbRunRecord(next, facts, startTime));
  }
  return {
    directory,
    kept,
    append: (history, step) => {
      write((next) => wandbHistoryRecord(next, facts.id, history, step));
      write((next) => wandbSummaryRecord(next, facts.id, history));
    },
    close: (runtime) => {
      write((next) => wandbExitRecord(next, facts.id, runtime));
      closeSync(file);
    },
    markSynced: () => writeFileSync(synced, ''),
  };
}
