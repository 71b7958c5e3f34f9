import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { ConfigError } from '@dgpo/trajectory';
import { hasCode } from './file-system.js';

interface Holder {
  pid: number;
  host: string;
}

function readHolder(path: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const valid = typeof value === 'object' && value !== null && 'pid' in value && 'host' in value;
    return valid ? { pid: Number(value.pid), host: String(value.host) } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  // A holder on another machine cannot be asked; it keeps the lock.
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** A lock without content that is this young is about to get its content. */
function isFresh(path: string): boolean {
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && Date.now() - made < 2000;
}

/**
 * Takes a lock file for this process. A lock left behind by a process that no longer runs is taken over.
 *
 * @returns a function that gives the lock back
 * @throws {ConfigError} when another living process holds it
 */
export function takeLock(path: string): () => void {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, JSON.stringify({ pid: process.pid, host: hostname() }));
      closeSync(file);
      const release = () => {
        process.removeListener('exit', release);
        rmSync(path, { force: true });
      };
      process.on('exit', release);
      return release;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) {
        throw new ConfigError(
          `process ${holder.pid} on ${holder.host} uses this run; wait for it, or choose another output folder (if it is gone, delete this file)`,
          { where: path, cause: error },
        );
      }
      if (holder === undefined && isFresh(path)) {
        throw new ConfigError('another process is opening this run; try again', { where: path, cause: error });
      }
      rmSync(path, { force: true });
    }
  }
  throw new ConfigError('other processes keep taking this lock; try again', { where: path });
}
