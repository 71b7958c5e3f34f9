import { DatasetError } from './errors.js';

const advice: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'this is a folder, a file was expected',
  ENOTDIR: 'a part of this path is a file, a folder was expected',
  ENOSPC: 'the disk is full: free some space and run it again',
  EROFS: 'the file system is read-only',
};

/** A failed file operation as a DatasetError that names the file and says what is wrong. */
export function fileError(path: string, verb: 'read' | 'write', cause: unknown): DatasetError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = advice[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new DatasetError(`cannot ${verb}: ${reason}`, { where: path, cause });
}
