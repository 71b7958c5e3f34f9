import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatasetError } from '@dgpo/trajectory';

/**
 * Writes a file beside its target and renames it, so that a reader never meets half of one.
 *
 * @throws DatasetError if it cannot be written.
 */
export async function writeText(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DatasetError(`cannot write: ${reason}`, { where: path, cause });
  }
}
