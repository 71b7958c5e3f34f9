import { DatasetError } from '@dgpo/trajectory';

const advice: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'this is a folder, a file was expected',
  ENOTDIR: 'a part of this path is a file, a folder was expected',
};

/** A failed read of a corpus as a DatasetError that names the file. */
export function corpusFileError(path: string, cause: unknown): DatasetError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = advice[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new DatasetError(`cannot read: ${reason}`, { where: path, cause });
}
