/**
 * The files of a document store: the passages as JSONL, where each begins, and the ids.
 *
 * The offsets file has a header of 64 bytes (8 bytes magic, number of passages, bytes of the corpus file, 32 bytes SHA-256 of the
 * corpus, 8 bytes zero), then the byte offset of each passage and of the end. All integers have 64 bits, little endian.
 */
export const documentFiles = { corpus: 'corpus.jsonl', offsets: 'corpus-offsets.bin', ids: 'corpus-ids.bin' } as const;

export const headerBytes = 64;
export const offsetBytes = 8;
const magic = Buffer.from('DGPODOC1', 'latin1');

export interface DocumentHeader {
  size: number;
  corpusBytes: number;
  fingerprint: Buffer;
}

export function encodeHeader({ size, corpusBytes, fingerprint }: DocumentHeader): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeBigUInt64LE(BigInt(size), 8);
  header.writeBigUInt64LE(BigInt(corpusBytes), 16);
  fingerprint.copy(header, 24);
  return header;
}

/** The header, or undefined when these are not the first bytes of an offsets file. */
export function decodeHeader(header: Buffer): DocumentHeader | undefined {
  if (!header.subarray(0, magic.length).equals(magic)) return undefined;
  const size = Number(header.readBigUInt64LE(8));
  const corpusBytes = Number(header.readBigUInt64LE(16));
  return { size, corpusBytes, fingerprint: Buffer.from(header.subarray(24, 56)) };
}
