import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { Failure } from './failure.mjs';
import { dataOffset } from './zip-directory.mjs';

/** Passes bytes on, and fails when they are not those that the directory announced. */
function checked(entry) {
  const damaged = () => new Failure(`the wheel is damaged (${entry.name}): delete it and run this again`);
  let bytes = 0;
  let sum = 0;
  return new Transform({
    transform(chunk, _encoding, done) {
      bytes += chunk.length;
      sum = crc32(chunk, sum);
      if (bytes > entry.size) done(damaged());
      else done(null, chunk);
    },
    flush(done) {
      done(bytes === entry.size && sum === entry.crc32 ? null : damaged());
    },
  });
}

/**
 * Writes one entry of a zip file to `target`, in a stream: the library has 800 MB.
 *
 * @throws Failure when size or checksum are not what the directory says
 */
export async function extractEntry({ file, entry, target }) {
  const start = await dataOffset(file, entry);
  const decoders = { 0: () => new PassThrough(), 8: () => createInflateRaw({ chunkSize: 2 ** 18 }) };
  const decode = decoders[entry.method];
  if (decode === undefined) {
    throw new Failure(`the wheel holds ${entry.name} in a compression that is not known here (${entry.method})`);
  }
  await mkdir(dirname(target), { recursive: true });
  const source =
    entry.compressedSize === 0
      ? Readable.from([])
      : createReadStream('', {
          fd: file.fd,
          start,
          end: start + entry.compressedSize - 1,
          autoClose: false,
          highWaterMark: 2 ** 20,
        });
  try {
    await pipeline(source, decode(), checked(entry), createWriteStream(target));
  } catch (error) {
    if (error.code?.startsWith('Z_')) {
      throw new Failure(`the wheel is damaged (${entry.name}): delete it and run this again`, { cause: error });
    }
    throw error;
  }
}
