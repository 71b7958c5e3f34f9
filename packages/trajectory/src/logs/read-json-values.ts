import { collectPieces, readChunks } from '../read-lines.js';

/** One JSON value of a file, as text. */
export interface JsonText {
  text: string;
  /** Line of the file on which it begins, from 1. */
  line: number;
  isTooLong: boolean;
  /** False when the file ended in the middle of it. */
  isComplete: boolean;
}

export interface ReadJsonValuesOptions {
  /** `values`: each value at the top of the file. `elements`: each element of the one list at the top. */
  level: 'values' | 'elements';
  /** Longest value that is kept, in UTF-16 units. */
  maxLength: number;
}

const quote = 34;
const backslash = 92;
const isBlank = (code: number) => code === 32 || code === 10 || code === 13 || code === 9 || code === 0xfeff;
const opens = (code: number) => code === 91 || code === 123;
const closes = (code: number) => code === 93 || code === 125;

/**
 * Splits a file at its brackets without holding more than one value. What stands between the brackets is not checked: that is for
 * the parser of each value. Text after the end of the list comes out as a last value.
 */
export async function* readJsonValues(path: string, options: ReadJsonValuesOptions): AsyncGenerator<JsonText> {
  const base = options.level === 'elements' ? 1 : 0;
  const value = collectPieces(options.maxLength);
  let depth = 0;
  let line = 1;
  let firstLine = 0;
  let isInString = false;
  let isEscaped = false;
  let hasEnded = false;
  for await (const chunk of readChunks(path)) {
    // Where the part of the current value in this chunk begins; -1 between values.
    let start = firstLine === 0 ? -1 : 0;
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk.charCodeAt(at);
      if (code === 10) line += 1;
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (code === backslash) isEscaped = true;
        else if (code === quote) isInString = false;
        continue;
      }
      const isBetween = firstLine === 0;
      if (isBetween) {
        if (isBlank(code) || (code === 44 && !hasEnded && base === 1)) continue;
        if (base === 1 && depth === 0 && code === 91 && !hasEnded) {
          depth = 1;
          continue;
        }
        if (base === 1 && depth === 1 && code === 93) {
          depth = 0;
          hasEnded = true;
          continue;
        }
        firstLine = line;
        start = at;
      } else if (depth <= base && (code === 44 || closes(code) || isBlank(code))) {
        // A number or a word ends here.
        value.add(chunk.slice(start, at));
        yield { ...value.take(), line: firstLine, isComplete: true };
        firstLine = 0;
        start = -1;
        if (closes(code)) {
          depth -= 1;
          hasEnded = true;
        }
        continue;
      }
      if (code === quote) isInString = true;
      else if (opens(code)) depth += 1;
      else if (closes(code)) {
        depth -= 1;
        if (depth <= base) {
          value.add(chunk.slice(start, at + 1));
          yield { ...value.take(), line: firstLine, isComplete: true };
          firstLine = 0;
          start = -1;
        }
      }
    }
    if (start !== -1) value.add(chunk.slice(start));
  }
  if (firstLine !== 0) yield { ...value.take(), line: firstLine, isComplete: depth <= base && !isInString };
}
