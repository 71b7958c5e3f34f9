import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileVersionEvent, scalarsEvent, sessionStartEvent, tfRecord } from './tensorboard-events.js';
import type { Tracker } from './tracker.js';

/** Options of {@link createTensorBoardTracker}. */
export interface TensorBoardTrackerOptions {
  /** Folder for the event file; created when absent. One folder per stage shows as one run in TensorBoard. */
  directory: string;
  /** The first step that this process will log: what earlier files say about it and later steps is superseded. @default 0 */
  firstStep?: number;
  /** Seconds since 1970, for the time axis. @default the wall clock */
  wallTime?: () => number;
}

/** Writes `events.out.tfevents.<time>.<host>.<pid>`, which TensorBoard reads while it grows. */
export function createTensorBoardTracker(options: TensorBoardTrackerOptions): Tracker {
  const { directory, firstStep = 0, wallTime = () => Date.now() / 1000 } = options;
  mkdirSync(directory, { recursive: true });
  const start = wallTime();
  const name = `events.out.tfevents.${start.toFixed(3).padStart(14, '0')}.${hostname()}.${process.pid}`;
  const file = openSync(join(directory, name), 'a');
  const write = (event: Uint8Array) => writeSync(file, tfRecord(event));
  write(fileVersionEvent(start));
  if (firstStep > 0) write(sessionStartEvent(start, firstStep));
  return {
    log: (metrics, step) => {
      write(scalarsEvent(wallTime(), step, metrics));
    },
    finish: async () => closeSync(file),
  };
}
