import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ModelError } from '@dgpo/trajectory';

/**
 * Writes a file beside its final place and then renames it, so a reader, or a crash, never meets half a file.
 * Missing folders are made.
 * @throws {ModelError} naming the file when `write` fails or the file cannot be written.
 */
export async function writeFileBeside(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`cannot be written: ${reason}`, { where: path, cause });
  }
}
