import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { takeLock } from '../run/run-lock.js';

const lockName = 'run.lock';

/**
 * Empties a run directory. A folder that is absent or empty is left as it is.
 *
 * @throws {ConfigError} when the folder holds something else than a run, or another process uses it
 */
export function startOver(directory: string): void {
  if (!existsSync(directory) || readdirSync(directory).length === 0) return;
  if (!existsSync(join(directory, 'config.json')) || !existsSync(join(directory, 'logs'))) {
    throw new ConfigError('is no run directory, so nothing in it is deleted; choose another folder', {
      where: directory,
    });
  }
  const release = takeLock(join(directory, lockName));
  try {
    for (const name of readdirSync(directory)) {
      if (name !== lockName) rmSync(join(directory, name), { recursive: true, force: true });
    }
  } finally {
    release();
  }
}
