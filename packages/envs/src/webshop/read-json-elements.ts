import { createReadStream } from 'node:fs';
import { DatasetError } from '@dgpo/trajectory';

/** An entry of the list or object that a file holds. */
export interface JsonElement {
  /** Null in a list. */
  key: string | null;
  value: unknown;
  /** `file:line` of its beginning. */
  where: string;
}

/** No product of the original's files comes near it. */
const longestElement = 1 << 24;

const quote = 34;
const backslash = 92;
const newline = 10;
const comma = 44;
const isOpening = (code: number) => code === 91 || code === 123;
const isClosing = (code: number) => code === 93 || code === 125;

function parseElement(text: string, inList: boolean, where: string): JsonElement {
  try {
    if (inList) return { key: null, value: JSON.parse(text), where };
    const [key, value] = Object.entries(JSON.parse(`{${text}}`) as Record<string, unknown>)[0] ?? [];
    if (key !== undefined) return { key, value, where };
  } catch (cause) {
    const expected = inList ? 'a JSON value' : 'a JSON key and value';
    throw new DatasetError(`expected ${expected}, found: ${text.slice(0, 60)}`, { where, cause });
  }
  throw new DatasetError('expected a JSON key and value', { where });
}

/**
 * Streams a JSON file that holds one list or object, an entry at a time, so that files larger than memory can be read.
 * @throws DatasetError naming file and line where it is anything else, for an entry of more than 16 Mi characters, and for a file that
 * cannot be read.
 */
export async function* readJsonElements(path: string): AsyncGenerator<JsonElement> {
  const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 });
  let opening = '';
  let depth = 0;
  let text = '';
  let line = 1;
  let firstLine = 1;
  let inString = false;
  let escaped = false;
  let ended = false;
  const at = (number: number) => `${path}:${number}`;
  try {
    for await (const chunk of stream as AsyncIterable<string>) {
      let begin = 0;
      for (let index = 0; index < chunk.length; index++) {
        const code = chunk.charCodeAt(index);
        if (code === newline) line++;
        if (inString) {
          if (escaped) escaped = false;
          else if (code === backslash) escaped = true;
          else if (code === quote) inString = false;
          continue;
        }
        if (code <= 32 || (code === 0xfeff && depth === 0)) {
          if (depth === 1 && text === '' && chunk.slice(begin, index).trim() === '') begin = index;
          continue;
        }
        if (depth === 0) {
          if (ended || !isOpening(code)) {
            throw new DatasetError(ended ? 'expected the end of the file' : 'expected a JSON list or object', {
              where: at(line),
            });
          }
          opening = chunk[index] as string;
          depth = 1;
          begin = index + 1;
          firstLine = 0;
          continue;
        }
        const ends = depth === 1 && (code === comma || isClosing(code));
        if (ends) {
          const element = (text + chunk.slice(begin, index)).trim();
          const isLast = code !== comma;
          if (element !== '') yield parseElement(element, opening === '[', at(firstLine));
          else if (!isLast || firstLine === -1) throw new DatasetError('expected an entry', { where: at(line) });
          text = '';
          begin = index + 1;
          // -1 after a comma: there must be another entry.
          firstLine = isLast ? 0 : -1;
          if (isLast) {
            if ((opening === '[') !== (code === 93)) {
              throw new DatasetError(`expected ${opening === '[' ? ']' : '}'}`, { where: at(line) });
            }
            depth = 0;
            ended = true;
          }
          continue;
        }
        if (firstLine <= 0) firstLine = line;
        if (code === quote) inString = true;
        else if (isOpening(code)) depth++;
        else if (isClosing(code)) depth--;
      }
      if (depth > 0) text += chunk.slice(begin);
      if (text.length > longestElement) {
        throw new DatasetError('expected entries of at most 16 Mi characters', { where: at(Math.max(1, firstLine)) });
      }
    }
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    throw new DatasetError(`cannot be read: ${cause instanceof Error ? cause.message : cause}`, { where: path, cause });
  } finally {
    stream.destroy();
  }
  if (!ended)
    throw new DatasetError('expected a whole JSON list or object; the file ends too early', { where: at(line) });
}
