import { createReadStream } from 'node:fs';
import { DatasetError, isDgpoError } from '@dgpo/trajectory';
import { createJsonSplitter, type JsonElement } from './json-splitter.js';

/**
 * Streams a JSON file that holds one list or object, an entry at a time.
 * @throws DatasetError naming file and line where it is anything else, for an entry of more than 16 Mi characters, and for a file that
 * cannot be read
 */
export async function* readJsonElements(path: string): AsyncGenerator<JsonElement> {
  const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 });
  const splitter = createJsonSplitter(path);
  try {
    for await (const chunk of stream as AsyncIterable<string>) yield* splitter.push(chunk);
    splitter.end();
  } catch (cause) {
    if (isDgpoError(cause)) throw cause;
    throw new DatasetError(`cannot be read: ${cause instanceof Error ? cause.message : cause}`, { where: path, cause });
  } finally {
    stream.destroy();
  }
}
