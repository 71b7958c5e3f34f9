import { crc32 } from './crc32.js';

/**
 * The framing of W&B's `.wandb` files (`wandb/sdk/internal/datastore.py` of the Python package): a header of seven bytes, then blocks
 * of 32 KiB as in LevelDB's log format, with zlib's CRC-32 over type and data.
 */

const blockSize = 32768;
const recordHeader = 7;
const kinds = { full: 1, first: 2, middle: 3, last: 4 } as const;

/** First bytes of a file: `:W&B`, the magic 0xBEE1, version 0. */
export const wandbHeader = Uint8Array.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0]);

function framed(kind: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(recordHeader + data.length);
  bytes.set(data, recordHeader);
  // The checksum covers the type, which stands right before the data.
  bytes[6] = kind;
  const view = new DataView(bytes.buffer);
  view.setUint32(0, crc32(bytes.subarray(6)), true);
  view.setUint16(4, data.length, true);
  return bytes;
}

/** A record as it stands in a file at byte `offset`: padding to the next block where its header has no room, and as many parts as needed. */
export function wandbLogRecord(data: Uint8Array, offset: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let room = blockSize - (offset % blockSize);
  if (room < recordHeader) {
    parts.push(new Uint8Array(room));
    room = blockSize;
  }
  let start = 0;
  let isFirst = true;
  do {
    const end = Math.min(data.length, start + room - recordHeader);
    const isLast = end === data.length;
    const kind = isFirst ? (isLast ? kinds.full : kinds.first) : isLast ? kinds.last : kinds.middle;
    parts.push(framed(kind, data.subarray(start, end)));
    start = end;
    isFirst = false;
    room = blockSize;
  } while (start < data.length);
  return Buffer.concat(parts);
}

/** A record of a file, and the byte at which it ends. */
export interface WandbLogEntry {
  data: Uint8Array;
  end: number;
}

/** The records of a file up to the first that is torn or damaged; none where the header is another one. */
export function readWandbLog(file: Uint8Array): WandbLogEntry[] {
  const entries: WandbLogEntry[] = [];
  if (!wandbHeader.every((byte, index) => file[index] === byte)) return entries;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let position = wandbHeader.length;
  let parts: Uint8Array[] = [];
  for (;;) {
    const room = blockSize - (position % blockSize);
    if (room < recordHeader) position += room;
    if (position + recordHeader > file.length) return entries;
    const end = position + recordHeader + view.getUint16(position + 4, true);
    if (end > file.length || crc32(file.subarray(position + 6, end)) !== view.getUint32(position, true)) return entries;
    const kind = file[position + 6];
    const continues = kind === kinds.middle || kind === kinds.last;
    if (continues !== parts.length > 0) return entries;
    parts.push(file.subarray(position + recordHeader, end));
    position = end;
    if (kind === kinds.first || kind === kinds.middle) continue;
    entries.push({ data: Buffer.concat(parts), end });
    parts = [];
  }
}
