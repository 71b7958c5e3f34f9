import { isUtf8 } from 'node:buffer';
import type { RejectPassage } from './invalid-passages.js';
import { readBytes } from './read-bytes.js';

export interface ReadLinesOptions {
  path: string;
  /** Bytes of the longest line that is read. */
  maxLineBytes: number;
  /** Told of lines that are too long or not UTF-8. */
  reject: RejectPassage;
  signal?: AbortSignal | undefined;
}

export interface Line {
  text: string;
  /** Counted from 1. */
  number: number;
}

const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * Streams the lines of a UTF-8 file (`.gz` and `.zst` are decompressed), split at \n alone, without \r\n and byte-order mark. Memory
 * holds one block of the file and one line.
 */
export async function* readLines({ path, maxLineBytes, reject, signal }: ReadLinesOptions): AsyncGenerator<Line> {
  let number = 0;
  let pieces: Uint8Array[] = [];
  let pieceBytes = 0;
  const keep = (piece: Uint8Array) => {
    pieceBytes += piece.length;
    // The rest of a line that is too long only counts.
    if (pieceBytes > maxLineBytes) pieces = [];
    else pieces.push(piece);
  };
  const finishLine = (): Line | undefined => {
    number++;
    const length = pieceBytes;
    const only = pieces.length === 1 ? pieces[0] : undefined;
    const bytes = only ?? Buffer.concat(pieces);
    pieces = [];
    pieceBytes = 0;
    if (length > maxLineBytes) {
      reject(`${path}:${number}`, `this line has ${length} bytes; the longest allowed has ${maxLineBytes}`);
      return undefined;
    }
    if (!isUtf8(bytes)) {
      reject(`${path}:${number}`, 'this line is not UTF-8; convert the file to UTF-8');
      return undefined;
    }
    const end = bytes.at(-1) === carriageReturn ? length - 1 : length;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('utf8');
    return { text: number === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text, number };
  };

  for await (const block of readBytes(path)) {
    signal?.throwIfAborted();
    let start = 0;
    for (let end = block.indexOf(newline); end !== -1; end = block.indexOf(newline, start)) {
      keep(block.subarray(start, end));
      start = end + 1;
      const line = finishLine();
      if (line !== undefined) yield line;
    }
    if (start < block.length) keep(block.subarray(start));
  }
  if (pieceBytes > 0) {
    const line = finishLine();
    if (line !== undefined) yield line;
  }
}
