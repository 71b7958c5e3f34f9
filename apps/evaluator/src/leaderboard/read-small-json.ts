import { open } from 'node:fs/promises';
import { DatasetError } from '@dgpo/trajectory';
import { parsePythonJson } from './parse-json.js';

const mebibyte = 2 ** 20;
const largest = 64 * mebibyte;

/**
 * Parses a JSON file of at most 64 MiB. With `optional`, one that is not there is undefined.
 * @throws DatasetError, without the path, when it cannot be read, is larger, or is no JSON.
 */
export async function readSmallJson(path: string, { optional = false }: { optional?: boolean } = {}): Promise<unknown> {
  const file = await open(path).catch((cause: unknown) => {
    if (optional && cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new DatasetError('cannot be read', { cause });
  });
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    if (size > largest) throw new DatasetError(`is larger than ${largest / mebibyte} MiB`);
    return parsePythonJson(await file.readFile('utf8'));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new DatasetError(`is no JSON: ${cause.message}`, { cause });
    throw cause instanceof DatasetError ? cause : new DatasetError('cannot be read', { cause });
  } finally {
    await file.close();
  }
}
