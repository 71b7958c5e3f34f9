import { DatasetError } from '@dgpo/trajectory';
import { jsonErrorLine } from '../rows/json-error-line.js';

/** An entry of the list or object that a file holds. */
export interface JsonElement {
  /** Null in a list. */
  key: string | null;
  value: unknown;
  /** `file:line` of its beginning. */
  where: string;
}

/** Finds the entries of a JSON list or object in its pieces. */
export interface JsonSplitter {
  /** The entries that end in this piece. @throws DatasetError naming file and line of what is no JSON */
  push(chunk: string): JsonElement[];
  /** @throws DatasetError if the list or object has not ended */
  end(): void;
}

/** No product of the original's files comes near it. */
const longestElement = 1 << 24;

const quote = 34;
const backslash = 92;
const newline = 10;
const comma = 44;
const closingBracket = 93;
const closingBrace = 125;
const isOpening = (code: number) => code === 91 || code === 123;
const isClosing = (code: number) => code === closingBracket || code === closingBrace;
const isSpace = (code: number) => code <= 32;

/** Reads an entry that begins on this line. */
function parseElement(text: string, inList: boolean, { path, line }: { path: string; line: number }): JsonElement {
  const json = inList ? text : `{${text}}`;
  const where = `${path}:${line}`;
  try {
    const value: unknown = JSON.parse(json);
    if (inList) return { key: null, value, where };
    const [entry] = Object.entries(value as Record<string, unknown>);
    const [key, inner] = entry as [string, unknown];
    return { key, value: inner, where };
  } catch (cause) {
    const before = text === '' ? 0 : jsonErrorLine(json) - 1;
    const found = text.split('\n')[before]?.trim().slice(0, 60) || 'nothing';
    throw new DatasetError(`expected ${inList ? 'a JSON value' : 'a JSON key and value'}, found ${found}`, {
      where: `${path}:${line + before}`,
      cause,
    });
  }
}

/** A splitter of the file `path`, for files larger than memory. Entries have at most 16 Mi characters. */
export function createJsonSplitter(path: string): JsonSplitter {
  let closing: number | null = null;
  let depth = 0;
  let line = 1;
  let text = '';
  /** The line on which the entry begins; null before its first character. */
  let begin: number | null = null;
  let afterComma = false;
  let inString = false;
  let escaped = false;
  let ended = false;
  const fail = (message: string): never => {
    throw new DatasetError(message, { where: `${path}:${begin ?? line}` });
  };

  function readString(code: number) {
    if (escaped) escaped = false;
    else if (code === backslash) escaped = true;
    else if (code === quote) inString = false;
  }

  function readOutside(code: number) {
    if (ended) return fail('expected the end of the file');
    if (!isOpening(code)) return fail('expected a JSON list or object');
    closing = code + 2;
    depth = 1;
  }

  /** The entry that ends before this comma or bracket, if there is one. */
  function readEnd(code: number): JsonElement | null {
    const isLast = code !== comma;
    if (isLast && code !== closing) return fail(`expected ${closing === closingBracket ? ']' : '}'}`);
    const isEmpty = isLast && !afterComma && begin === null;
    const element = isEmpty
      ? null
      : parseElement(text.trim(), closing === closingBracket, { path, line: begin ?? line });
    [text, begin, afterComma] = ['', null, !isLast];
    if (isLast) [depth, ended] = [0, true];
    return element;
  }

  return {
    push(chunk) {
      const elements: JsonElement[] = [];
      let start = 0;
      for (let index = 0; index < chunk.length; index++) {
        const code = chunk.charCodeAt(index);
        if (code === newline) line++;
        if (inString) readString(code);
        else if (depth === 0) {
          start = index + 1;
          if (!isSpace(code) && code !== 0xfeff) readOutside(code);
        } else if (depth === 1 && (code === comma || isClosing(code))) {
          text += chunk.slice(start, index);
          start = index + 1;
          const element = readEnd(code);
          if (element !== null) elements.push(element);
        } else if (!isSpace(code)) {
          begin ??= line;
          if (code === quote) inString = true;
          else if (isOpening(code)) depth++;
          else if (isClosing(code)) depth--;
        }
      }
      text += depth === 0 ? '' : chunk.slice(start);
      if (text.length > longestElement) fail('expected entries of at most 16 Mi characters');
      return elements;
    },
    end() {
      if (!ended) fail('expected a whole JSON list or object; the file ends too early');
    },
  };
}
