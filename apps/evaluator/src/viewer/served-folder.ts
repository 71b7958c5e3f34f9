import { realpathSync, statSync } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { ConfigError, DatasetError } from '@dgpo/trajectory';

/** Reads files below one folder and nothing else, whatever links lie in it. */
export interface ServedFolder {
  /** Absolute, without links. */
  readonly path: string;
  /** The absolute path, without links, of what lies at a path relative to the folder; undefined where that is outside or not there. */
  resolve(path: string): Promise<string | undefined>;
  /** @throws DatasetError for what is outside, missing, unreadable or no regular file. */
  open(path: string): Promise<FileHandle>;
}

/** True where `path` is `folder` or lies below it; both absolute and without links. */
function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** @throws ConfigError where there is no such folder. */
export function openServedFolder(directory: string): ServedFolder {
  let path: string;
  try {
    path = realpathSync(directory);
  } catch (cause) {
    throw new ConfigError('there is no such folder', { where: directory, cause });
  }
  if (!statSync(path).isDirectory()) {
    throw new ConfigError('is a file; give the folder that it lies in', { where: directory });
  }
  const resolve = async (below: string) => {
    if (isAbsolute(below) || below.includes('\0')) return undefined;
    const real = await realpath(join(path, below)).catch(() => undefined);
    return real !== undefined && isInside(path, real) ? real : undefined;
  };
  return {
    path,
    resolve,
    open: async (below) => {
      const real = await resolve(below);
      if (real === undefined) throw new DatasetError('is not there, or outside the folder', { where: below });
      let file: FileHandle | undefined;
      try {
        file = await open(real, 'r');
        if (!(await file.stat()).isFile()) throw new Error('it is no regular file');
        return file;
      } catch (cause) {
        await file?.close();
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new DatasetError(`cannot be read: ${reason}`, { where: below, cause });
      }
    },
  };
}
