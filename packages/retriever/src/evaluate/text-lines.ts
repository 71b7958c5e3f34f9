import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatasetError } from '@dgpo/trajectory';

const bufferedCharacters = 1 << 16;

function fileError(path: string, verb: 'read' | 'write', cause: unknown): DatasetError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const reason = code === 'ENOENT' ? 'no such file or folder' : cause instanceof Error ? cause.message : String(cause);
  return new DatasetError(`cannot ${verb}: ${reason}`, { where: path, cause });
}

/**
 * Streams the lines of a UTF-8 file that are not blank, with `file:line`; a byte-order mark is dropped.
 * @throws DatasetError when the file cannot be read.
 */
export async function* readTextLines(path: string): AsyncGenerator<{ text: string; where: string }> {
  const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 });
  let number = 0;
  let rest = '';
  const split = (chunk: string) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    return lines;
  };
  try {
    for await (const chunk of stream) {
      for (const line of split(String(chunk))) {
        const text = ++number === 1 ? line.replace(/^\uFEFF/, '') : line;
        if (text.trim() !== '') yield { text: text.replace(/\r$/, ''), where: `${path}:${number}` };
      }
    }
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    throw fileError(path, 'read', cause);
  } finally {
    stream.destroy();
  }
  if (rest.trim() !== '') yield { text: rest.replace(/^\uFEFF/, ''), where: `${path}:${number + 1}` };
}

/**
 * Writes lines beside the target and renames at the end, so that nobody reads half a file. Folders are made as needed.
 * @throws DatasetError when the file cannot be written; whatever `lines` throws.
 */
export async function writeTextLines(path: string, lines: Iterable<string>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const guarded = async <T>(operation: Promise<T>): Promise<T> => {
    try {
      return await operation;
    } catch (cause) {
      throw fileError(path, 'write', cause);
    }
  };
  let file: FileHandle | undefined;
  try {
    await guarded(mkdir(dirname(path), { recursive: true }));
    file = await guarded(open(temporary, 'w'));
    let buffer = '';
    for (const line of lines) {
      buffer += `${line}\n`;
      if (buffer.length < bufferedCharacters) continue;
      await guarded(file.writeFile(buffer));
      buffer = '';
    }
    await guarded(file.writeFile(buffer));
    await guarded(file.close());
    await guarded(rename(temporary, path));
  } catch (error) {
    await file?.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
