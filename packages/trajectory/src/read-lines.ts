import { createReadStream } from 'node:fs';
import { fileError } from './file-error.js';

export interface ReadLinesOptions {
  /** Longest line that is kept, in UTF-16 units; of a longer one only the start comes out. @default Infinity */
  maxLength?: number;
}

export interface Line {
  text: string;
  /** From 1. */
  number: number;
  /** True when `text` is only the start. */
  isTooLong: boolean;
}

/** The chunks of a UTF-8 file. @throws DatasetError when it cannot be read. */
export async function* readChunks(path: string): AsyncGenerator<string> {
  const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 });
  try {
    for await (const chunk of stream) yield String(chunk);
  } catch (cause) {
    throw fileError(path, 'read', cause);
  } finally {
    stream.destroy();
  }
}

/** Text that comes in pieces, of which no more than `maxLength` units are kept. */
export function collectPieces(maxLength: number) {
  let pieces: string[] = [];
  let length = 0;
  return {
    add(piece: string): void {
      const room = maxLength - Math.min(length, maxLength);
      length += piece.length;
      if (room > 0 && piece !== '') pieces.push(piece.length > room ? piece.slice(0, room) : piece);
    },
    /** What was kept, and begins anew. */
    take(): { text: string; isTooLong: boolean } {
      const taken = { text: pieces.length === 1 ? (pieces[0] ?? '') : pieces.join(''), isTooLong: length > maxLength };
      pieces = [];
      length = 0;
      return taken;
    },
    get isEmpty(): boolean {
      return length === 0;
    },
  };
}

/** Lines of a UTF-8 file with their numbers, split at \n alone (a JSON string may hold U+2028), without a byte-order mark. */
export async function* readLines(path: string, options: ReadLinesOptions = {}): AsyncGenerator<Line> {
  const { maxLength = Number.POSITIVE_INFINITY } = options;
  const line = collectPieces(maxLength);
  let number = 0;
  let isStart = true;
  for await (const chunk of readChunks(path)) {
    let from = isStart && chunk.startsWith('\uFEFF') ? 1 : 0;
    isStart = false;
    for (let end = chunk.indexOf('\n', from); end !== -1; end = chunk.indexOf('\n', from)) {
      line.add(chunk.slice(from, end));
      number += 1;
      yield { ...line.take(), number };
      from = end + 1;
    }
    line.add(chunk.slice(from));
  }
  if (!line.isEmpty) yield { ...line.take(), number: number + 1 };
}
