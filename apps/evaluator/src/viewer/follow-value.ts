import {
  type FileProblem,
  type FileState,
  type FollowedFile,
  type FollowFileOptions,
  nextVersion,
  reasonOf,
} from './followed-file.js';
import { readAt } from './read-at.js';

/** A larger file is not read as one value. */
const largestValue = 256 << 20;

/** Follows a file that is one JSON value, read anew whenever it changes. */
export function followValue({ folder, path, accept, reset }: FollowFileOptions): FollowedFile {
  let problems: FileProblem[] = [];
  let version = nextVersion();
  let isPending = false;
  let seen: FileState = { size: 0, mtimeMs: 0, ino: -1 };
  /** The last attempt to read failed; the next look tries again. */
  let hasFailed = false;
  const read = async (): Promise<string | undefined> => {
    if (seen.size > largestValue) return `is larger than ${largestValue >> 20} MiB`;
    const file = await folder.open(path);
    try {
      const bytes = await readAt(file, 0, seen.size);
      let value: unknown;
      try {
        value = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
      } catch {
        return 'is not JSON, or not complete yet';
      }
      try {
        return accept(value, { line: 1, offset: 0, length: bytes.length });
      } catch (error) {
        return reasonOf(error);
      }
    } finally {
      await file.close();
    }
  };
  return {
    get problems() {
      return problems;
    },
    get problemCount() {
      return problems.length;
    },
    get bytesRead() {
      return isPending ? 0 : seen.size;
    },
    get bytesTotal() {
      return seen.size;
    },
    get isPending() {
      return isPending;
    },
    get updatedAt() {
      return seen.mtimeMs;
    },
    get version() {
      return version;
    },
    notice: (state) => {
      if (state.size === seen.size && state.mtimeMs === seen.mtimeMs && state.ino === seen.ino) {
        isPending ||= hasFailed;
        return;
      }
      seen = { size: state.size, mtimeMs: state.mtimeMs, ino: state.ino };
      isPending = true;
    },
    advance: async () => {
      if (!isPending) return;
      const state = seen;
      reset();
      const hadFailed = hasFailed;
      hasFailed = false;
      const problem = await read().catch((error: unknown) => {
        hasFailed = true;
        return reasonOf(error);
      });
      isPending = seen !== state;
      // The same failure again is no news.
      if (!(hadFailed && hasFailed && problems[0]?.reason === problem)) version = nextVersion();
      problems = problem === undefined ? [] : [{ line: null, reason: problem }];
    },
  };
}
