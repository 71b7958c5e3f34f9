import { mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isDgpoError, RetrieverError } from '@dgpo/trajectory';
import {
  encodeManifest,
  hashFile,
  type IndexManifest,
  manifestName,
  previousOf,
  reasonOf,
  restorePrevious,
} from './index-manifest.js';

/** An index that is being written beside the place where it will stand. */
export interface IndexBuild {
  /** Empty at first; becomes the index directory. */
  readonly directory: string;
  /** Keeps what an interrupted build has done so far; removed when the build is complete. */
  readonly work: string;
  /** Writes the manifest and puts the index in its place: seen from outside there is the old index or the new one. */
  complete(manifest: Omit<IndexManifest, 'files' | 'formatVersion'>): Promise<void>;
}

const codeOf = (cause: unknown) => (cause instanceof Error && 'code' in cause ? cause.code : undefined);

/** What stands at the target: nothing (or an empty directory), an index, or something that must not be replaced. */
async function inspectTarget(directory: string): Promise<'free' | 'index' | 'foreign'> {
  try {
    const names = await readdir(directory);
    if (names.length === 0) return 'free';
    return names.includes(manifestName) ? 'index' : 'foreign';
  } catch (cause) {
    return codeOf(cause) === 'ENOENT' ? 'free' : 'foreign';
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (cause) {
    return codeOf(cause) === 'EPERM';
  }
}

/** Takes the lock of a build. One that a dead process left behind is taken over. */
async function lock(path: string, directory: string): Promise<void> {
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return;
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw cause;
      const owner = Number(await readFile(path, 'utf8').catch(() => ''));
      if (owner !== 0 && isRunning(owner)) {
        throw new RetrieverError(`process ${owner} is building this index; wait for it or stop it`, {
          where: directory,
          cause,
        });
      }
      await rm(path, { force: true });
    }
  }
}

async function describeFiles(directory: string): Promise<IndexManifest['files']> {
  const files: IndexManifest['files'] = {};
  for (const entry of (await readdir(directory, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isFile()) continue;
    const path = join(directory, entry.name);
    const file = await open(path, 'r+');
    try {
      await file.sync();
      files[entry.name] = { bytes: (await file.stat()).size, sha256: await hashFile(path) };
    } finally {
      await file.close();
    }
  }
  return files;
}

/** An error of the disk as one of the index. */
function writeError(cause: unknown, directory: string): Error {
  if (isDgpoError(cause)) return cause;
  const full = codeOf(cause) === 'ENOSPC' || codeOf(cause) === 'EDQUOT' || codeOf(cause) === 'EFBIG';
  const advice = full ? '; free some space and run the same command again' : '';
  return new RetrieverError(`the index cannot be written (${reasonOf(cause)})${advice}`, { where: directory, cause });
}

/**
 * Runs `write` with a new {@link IndexBuild} for the directory and cleans up after a failure, so that an interrupted run leaves
 * the old index or none, never half of one.
 * @throws RetrieverError when the directory holds something other than an index, another process builds there, or the disk
 * refuses; whatever `write` throws.
 */
export async function buildIndexDirectory<Result>({
  directory,
  write,
}: {
  directory: string;
  write: (build: IndexBuild) => Promise<Result>;
}): Promise<Result> {
  const target = resolve(directory);
  const beside = `${target}.building`;
  await restorePrevious(target);
  if ((await inspectTarget(target)) === 'foreign') {
    throw new RetrieverError('this exists and is not an index; choose another directory or remove it first', {
      where: directory,
    });
  }
  const building = join(beside, 'index');
  const work = join(beside, 'work');
  const lockFile = join(beside, 'lock');
  let locked = false;
  const abandon = async () => {
    await rm(building, { recursive: true, force: true });
    await rm(lockFile, { force: true });
    // Nothing to resume: leave no trace.
    if ((await readdir(work).catch(() => [])).length === 0) await rm(beside, { recursive: true, force: true });
  };
  try {
    await mkdir(dirname(target), { recursive: true });
    await mkdir(work, { recursive: true });
    await lock(lockFile, directory);
    locked = true;
    await rm(building, { recursive: true, force: true });
    await mkdir(building);
    return await write({
      directory: building,
      work,
      async complete(manifest) {
        const text = encodeManifest({ ...manifest, files: await describeFiles(building) });
        const file = await open(join(building, manifestName), 'w');
        try {
          await file.writeFile(text);
          await file.sync();
        } finally {
          await file.close();
        }
        const previous = previousOf(target);
        if ((await inspectTarget(target)) === 'index') {
          await rm(previous, { recursive: true, force: true });
          await rename(target, previous);
        } else {
          // Only Linux renames over an empty directory.
          await rmdir(target).catch(() => undefined);
        }
        try {
          await rename(building, target);
        } catch (cause) {
          await restorePrevious(target);
          throw cause;
        }
        await rm(previous, { recursive: true, force: true });
        await rm(beside, { recursive: true, force: true });
      },
    });
  } catch (cause) {
    if (locked) await abandon();
    throw writeError(cause, directory);
  }
}
