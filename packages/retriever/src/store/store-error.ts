import { RetrieverError } from '@dgpo/trajectory';

const advice: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  ENOSPC: 'the disk is full: free some space and run it again',
  EROFS: 'the file system is read-only',
};

/** A failed operation on a file of an index as a RetrieverError that names the file. */
export function storeError(path: string, verb: 'read' | 'write', cause: unknown): RetrieverError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = advice[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new RetrieverError(`cannot ${verb}: ${reason}`, { where: path, cause });
}

/** A file of an index that is not what was written. */
export const damaged = (path: string, what: string) =>
  new RetrieverError(`the file is damaged (${what}); build the index anew`, { where: path });

/** A position that no passage has; the index that named it is of another corpus, or damaged. */
export const noSuchPosition = (position: number, size: number) =>
  new RetrieverError(`there is no passage ${position}; positions run from 0 to ${size - 1}`);
