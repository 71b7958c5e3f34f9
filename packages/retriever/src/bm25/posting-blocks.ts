import type { ByteWriter } from './bytes.js';

/** Postings that are read together; the lists of most words are one block. */
export const postingsPerBlock = 4096;

/**
 * Writes one posting. Positions are stored as the distance from the one before (-1 before the first of a list), doubled, plus 1
 * where the frequency is 1; other frequencies follow.
 */
export function writePosting(bytes: ByteWriter, document: number, previous: number, frequency: number): void {
  const gap = 2 * (document - previous);
  if (frequency === 1) {
    bytes.number(gap + 1);
  } else {
    bytes.number(gap);
    bytes.number(frequency);
  }
}

/**
 * Reads `count` postings from the whole of `bytes` into two arrays, from their entry `first` on.
 * @throws RangeError where the bytes are not `count` ascending positions below `size` with frequencies of at most `largestFrequency`.
 */
export function readPostings({
  bytes,
  count,
  previous,
  size,
  largestFrequency,
  documents,
  frequencies,
  first,
}: {
  bytes: Uint8Array;
  count: number;
  /** The position before the first one. */
  previous: number;
  size: number;
  largestFrequency: number;
  documents: Uint32Array;
  frequencies: Uint8Array | Uint32Array;
  first: number;
}): void {
  let at = 0;
  let document = previous;
  // Past the end of the bytes a number reads as zero, which ends every loop here and is refused below.
  for (let entry = first; entry < first + count; entry++) {
    let byte = bytes[at++] as number;
    let code = byte & 0x7f;
    for (let factor = 0x80; byte >= 0x80 && factor < 2 ** 35; factor *= 0x80) {
      byte = bytes[at++] as number;
      code += (byte & 0x7f) * factor;
    }
    let frequency = 1;
    if ((code & 1) === 0) {
      byte = bytes[at++] as number;
      frequency = byte & 0x7f;
      for (let factor = 0x80; byte >= 0x80 && factor < 2 ** 35; factor *= 0x80) {
        byte = bytes[at++] as number;
        frequency += (byte & 0x7f) * factor;
      }
    }
    const gap = code >>> 1;
    document += gap;
    if (gap === 0 || document >= size || frequency === 0 || frequency > largestFrequency) {
      throw new RangeError('postings are out of range');
    }
    documents[entry] = document;
    frequencies[entry] = frequency;
  }
  if (at !== bytes.length) throw new RangeError('postings do not end where they should');
}
