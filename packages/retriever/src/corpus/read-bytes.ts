import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { DatasetError } from '@dgpo/trajectory';
import { Decompress } from 'fzstd';
import { corpusFileError } from './corpus-file-error.js';

const blockBytes = 1 << 18;
/** A block of 4 bytes can stand for 128 KiB; small portions keep what comes out of one of them below 64 MiB. */
const zstdPortionBytes = 1 << 11;
/** What decoders accept without being asked for more (`zstd --long=27`). */
const maxZstdWindowBytes = 1 << 27;

async function* readPlain(path: string): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(path, { highWaterMark: blockBytes });
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (cause) {
    throw corpusFileError(path, cause);
  } finally {
    stream.destroy();
  }
}

async function* readGzip(path: string): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(path, { highWaterMark: blockBytes });
  const gunzip = createGunzip({ chunkSize: blockBytes });
  stream.on('error', (cause) => gunzip.destroy(cause));
  try {
    for await (const chunk of stream.pipe(gunzip)) yield chunk as Uint8Array;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_')) {
      throw new DatasetError(`the gzip file is truncated or damaged (${cause.message})`, { where: path, cause });
    }
    throw corpusFileError(path, cause);
  } finally {
    stream.destroy();
    gunzip.destroy();
  }
}

/** Bytes that the decoder of a zstd frame keeps, from its header (RFC 8878, 3.1.1.1); 0 for anything else. */
function zstdWindowBytes(header: Uint8Array): number {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.byteLength < 18 || view.getUint32(0, true) !== 0xfd2fb528) return 0;
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  if (!singleSegment) return 2 ** (10 + (view.getUint8(5) >> 3)) * (1 + (view.getUint8(5) & 7) / 8);
  // The whole frame is the window; its size follows the optional dictionary id.
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeFlag = descriptor >> 6;
  if (sizeFlag === 3) return Number(view.getBigUint64(5 + dictionaryBytes, true));
  return sizeFlag === 2 ? view.getUint32(5 + dictionaryBytes, true) : 0;
}

async function* readZstd(path: string): AsyncGenerator<Uint8Array> {
  let decoded: Uint8Array[] = [];
  const decompressor = new Decompress((data) => decoded.push(data));
  const push = (portion: Uint8Array, last: boolean) => {
    try {
      decompressor.push(portion, last);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DatasetError(`the zstd file is truncated or damaged (${reason})`, { where: path, cause });
    }
  };
  let first = true;
  for await (const chunk of readPlain(path)) {
    if (first && zstdWindowBytes(chunk) > maxZstdWindowBytes) {
      throw new DatasetError('the zstd file needs a window above 128 MiB; compress it again without --long', {
        where: path,
      });
    }
    first = false;
    for (let start = 0; start < chunk.length; start += zstdPortionBytes) {
      push(chunk.subarray(start, start + zstdPortionBytes), false);
      yield* decoded;
      decoded = [];
    }
  }
  push(new Uint8Array(0), true);
  yield* decoded;
}

/**
 * Streams the bytes of a file, decompressed when its name ends in `.gz` or `.zst`.
 * @throws DatasetError when the file is missing, truncated or damaged.
 */
export function readBytes(path: string): AsyncGenerator<Uint8Array> {
  if (/\.gz$/i.test(path)) return readGzip(path);
  if (/\.zst$/i.test(path)) return readZstd(path);
  return readPlain(path);
}
