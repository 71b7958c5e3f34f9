import type { ServedFolder } from './served-folder.js';

/** What cannot be read of a file. */
export interface FileProblem {
  /** From 1; null when the whole file is meant. */
  line: number | null;
  reason: string;
}

export interface LinePlace {
  /** From 1. */
  line: number;
  /** Byte at which the line starts, and its bytes without the end of line. */
  offset: number;
  length: number;
}

/** How a file was when somebody looked. */
export interface FileState {
  size: number;
  mtimeMs: number;
  ino: number;
}

/** A file that is read stretch by stretch and followed as it grows. */
export interface FollowedFile {
  /** The first ones; `problemCount` counts all. A last line that waits for its rest is among them. */
  readonly problems: readonly FileProblem[];
  readonly problemCount: number;
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** There is more to read. */
  readonly isPending: boolean;
  /** When the file last changed. */
  readonly updatedAt: number;
  /** Changes whenever something was read or dropped, and is that of no other file: a file that is followed anew is another one. */
  readonly version: number;
  /** Takes note of how the file is now. */
  notice(state: FileState): void;
  /** Reads a stretch on; nothing where nothing is pending. */
  advance(): Promise<void>;
}

export interface FollowFileOptions {
  folder: ServedFolder;
  /** Relative to the folder. */
  path: string;
  /** Takes the value of a line; returns what is wrong with it. */
  accept: (value: unknown, place: LinePlace) => string | undefined;
  /** Everything that was accepted is void: the file was cut, replaced or rewritten. */
  reset: () => void;
}

/** Why something failed, in one line. */
export const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

let versions = 0;
/** A version that no file had before. */
export const nextVersion = () => {
  versions += 1;
  return versions;
};
