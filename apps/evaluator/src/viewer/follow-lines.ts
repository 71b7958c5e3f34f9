import type { FileHandle } from 'node:fs/promises';
import {
  type FileProblem,
  type FileState,
  type FollowedFile,
  type FollowFileOptions,
  type LinePlace,
  nextVersion,
  reasonOf,
} from './followed-file.js';
import { readAt } from './read-at.js';

const chunkBytes = 1 << 20;
const longestLine = 64 << 20;
const keptProblems = 20;
const markBytes = 64;

/**
 * Follows a file of JSON lines. Lines that are no JSON, or not accepted, are counted and left out; a last line that is not complete
 * waits for its rest. A file that became shorter, was replaced, or has other bytes where it was read is read anew.
 */
export function followLines({ folder, path, accept, reset: dropAccepted }: FollowFileOptions): FollowedFile {
  let problems: FileProblem[] = [];
  let problemCount = 0;
  let version = nextVersion();
  let isPending = false;
  let seen: FileState = { size: 0, mtimeMs: 0, ino: -1 };
  /** Everything before this byte is read; `line` lines were. */
  let offset = 0;
  let line = 0;
  /** The last line that was read has no end yet. */
  let isUnended = false;
  /** Inside a line that is too long. */
  let isSkipping = false;
  /** Why the last attempt to read failed; the next look tries again from `offset`. */
  let failure: string | undefined;
  /** What stood at the start and before `offset`: other bytes there mean another file. */
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);

  const reset = () => {
    problems = [];
    problemCount = 0;
    offset = 0;
    line = 0;
    isUnended = false;
    isSkipping = false;
    head = Buffer.alloc(0);
    tail = Buffer.alloc(0);
    version = nextVersion();
    dropAccepted();
  };
  const report = (at: number, reason: string) => {
    problemCount += 1;
    version = nextVersion();
    if (problems.length < keptProblems) problems.push({ line: at, reason });
  };
  /** Beside what is wrong with the lines that were read. */
  const wholeProblem = (): FileProblem | undefined => {
    if (failure !== undefined) return { line: null, reason: failure };
    if (isPending || offset >= seen.size) return undefined;
    return { line: line + 1, reason: 'is not complete; it waits for the rest' };
  };

  /** @returns false where the line is no JSON */
  const readLine = (bytes: Buffer, place: LinePlace): boolean => {
    const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
    if (text.trim() === '') return true;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return false;
    }
    let problem: string | undefined;
    try {
      problem = accept(value, place);
    } catch (error) {
      problem = reasonOf(error);
    }
    version = nextVersion();
    if (problem !== undefined) report(place.line, problem);
    return true;
  };

  const hasSameBytes = async (file: FileHandle) => {
    const headNow = await readAt(file, 0, head.length);
    const tailNow = await readAt(file, offset - tail.length, tail.length);
    return headNow.equals(head) && tailNow.equals(tail);
  };

  /** A stretch that holds the end of a line, or is the rest of the file, or is longer than a line may be. */
  async function readStretch(file: FileHandle, end: number): Promise<Buffer> {
    let length = Math.min(chunkBytes, end - offset);
    let stretch = await readAt(file, offset, length);
    while (!stretch.includes(10) && length < Math.min(end - offset, longestLine)) {
      length = Math.min(2 * length, end - offset, longestLine);
      stretch = await readAt(file, offset, length);
    }
    return stretch;
  }

  async function readOn(file: FileHandle, end: number): Promise<void> {
    const stretch = await readStretch(file, end);
    let start = 0;
    if (isUnended && stretch[0] === 10) {
      start = 1;
      isUnended = false;
    }
    for (let next = stretch.indexOf(10, start); next !== -1; next = stretch.indexOf(10, start)) {
      line += 1;
      const place = { line, offset: offset + start, length: next - start };
      if (isSkipping) isSkipping = false;
      else if (!readLine(stretch.subarray(start, next), place)) report(line, 'is not JSON');
      start = next + 1;
    }
    const rest = stretch.subarray(start);
    if (start === 0 && rest.length >= longestLine) {
      if (!isSkipping) report(line + 1, `is longer than ${longestLine >> 20} MiB`);
      isSkipping = true;
      start = stretch.length;
    } else if (offset + stretch.length >= end) {
      isPending = false;
      // Logs of others may lack the last end of line; a line that is being written is no JSON yet.
      const place = { line: line + 1, offset: offset + start, length: rest.length };
      if (!isSkipping && readLine(rest, place)) {
        isUnended ||= rest.toString('utf8').trim() !== '';
        if (isUnended) line += 1;
        start = stretch.length;
      }
    }
    if (offset === 0) head = Buffer.from(stretch.subarray(0, Math.min(markBytes, start)));
    if (start > 0) tail = Buffer.from(stretch.subarray(Math.max(0, start - markBytes), start));
    offset += start;
  }

  return {
    get problems() {
      const whole = wholeProblem();
      return whole === undefined ? problems : [...problems, whole];
    },
    get problemCount() {
      return problemCount + (wholeProblem() === undefined ? 0 : 1);
    },
    get bytesRead() {
      return isPending || failure !== undefined ? Math.min(offset, seen.size) : seen.size;
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
    notice: ({ size, mtimeMs, ino }) => {
      if (size === seen.size && mtimeMs === seen.mtimeMs && ino === seen.ino) {
        isPending ||= failure !== undefined;
        return;
      }
      const isRewritten = size < offset || (size === seen.size && size > 0);
      if (seen.ino !== -1 && (ino !== seen.ino || isRewritten)) reset();
      seen = { size, mtimeMs, ino };
      isPending = true;
      version = nextVersion();
    },
    advance: async () => {
      if (!isPending) return;
      let file: FileHandle | undefined;
      try {
        file = await folder.open(path);
        const { size } = await file.stat();
        if (size < offset || !(await hasSameBytes(file))) reset();
        await readOn(file, size);
        if (failure !== undefined) version = nextVersion();
        failure = undefined;
      } catch (error) {
        isPending = false;
        const reason = reasonOf(error);
        if (failure !== reason) version = nextVersion();
        failure = reason;
      } finally {
        await file?.close();
      }
    },
  };
}
