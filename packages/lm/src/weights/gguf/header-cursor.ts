import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '@dgpo/trajectory';
import { readFully } from '../safetensors-header.js';

/** Longer headers are refused. The largest vocabularies in use (256 000 tokens with merges) take about 10 MB. */
const maximumHeaderBytes = 64 * 2 ** 20;

/** Bytes read from the file at once, where no single value needs more. */
const pieceBytes = 1 << 20;

/** Goes through the header of a file from its first byte on. */
export interface HeaderCursor {
  /** Offset in the file of the next byte. */
  position(): number;
  /** Bytes between here and the end of the file or of the longest header, whichever comes first. */
  remaining(): number;
  /**
   * The next bytes, good until the next call.
   * @throws {ModelError} when there are not as many; nothing is read or allocated then.
   */
  take(bytes: number): Promise<Buffer>;
}

export function createHeaderCursor(file: FileHandle, fileBytes: number): HeaderCursor {
  const limit = Math.min(fileBytes, maximumHeaderBytes);
  let position = 0;
  let piece = Buffer.alloc(0);
  let pieceStart = 0;
  return {
    position: () => position,
    remaining: () => limit - position,
    take: async (bytes) => {
      const end = position + bytes;
      if (end > fileBytes) {
        throw new ModelError(
          `the file is truncated: it ends at byte ${fileBytes}, ${bytes} bytes are expected at ${position}`,
        );
      }
      if (end > limit) throw new ModelError(`the header is longer than ${maximumHeaderBytes} bytes`);
      if (end > pieceStart + piece.length) {
        const next = Buffer.allocUnsafe(Math.min(Math.max(bytes, pieceBytes), limit - position));
        await readFully(file, next, position);
        piece = next;
        pieceStart = position;
      }
      const taken = piece.subarray(position - pieceStart, end - pieceStart);
      position = end;
      return taken;
    },
  };
}
