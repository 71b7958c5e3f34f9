// Reads the central directory of a zip file (PKWARE APPNOTE 6.3, with zip64).
import { Failure } from './failure.mjs';

const signatures = { end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50, entry: 0x02014b50, local: 0x04034b50 };
const directoryLimit = 64 * 2 ** 20;
const wide = 0xffffffff;

const damaged = (what) => new Failure(`the wheel is damaged (${what}): delete it and run this again`);

async function read(file, { at, length, size }) {
  if (!Number.isSafeInteger(at) || at < 0 || length < 0 || at + length > size)
    throw damaged('an offset beyond its end');
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, at);
  if (bytesRead !== length) throw damaged('it ends early');
  return buffer;
}

/** Where the central directory is. The record at the end is followed by a comment of at most 65,535 bytes. */
async function findDirectory(file, size) {
  const tail = Math.min(size, 22 + 0xffff);
  const buffer = await read(file, { at: size - tail, length: tail, size });
  let end = buffer.length - 22;
  while (end >= 0 && buffer.readUInt32LE(end) !== signatures.end) end--;
  if (end < 0) throw damaged('no end record');
  const found = {
    count: buffer.readUInt16LE(end + 10),
    length: buffer.readUInt32LE(end + 12),
    at: buffer.readUInt32LE(end + 16),
  };
  if (found.count !== 0xffff && found.length !== wide && found.at !== wide) return found;
  const locator = await read(file, { at: size - tail + end - 20, length: 20, size });
  if (locator.readUInt32LE(0) !== signatures.locator64) return found;
  const end64 = await read(file, { at: Number(locator.readBigUInt64LE(8)), length: 56, size });
  if (end64.readUInt32LE(0) !== signatures.end64) throw damaged('no zip64 end record');
  return {
    count: Number(end64.readBigUInt64LE(32)),
    length: Number(end64.readBigUInt64LE(40)),
    at: Number(end64.readBigUInt64LE(48)),
  };
}

/** Replaces the 32-bit fields that are full by those of the zip64 extra field, which holds only these, in this order. */
function widen(entry, extra) {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    const body = extra.subarray(at + 4, at + 4 + length);
    if (extra.readUInt16LE(at) === 1) {
      let offset = 0;
      for (const name of ['size', 'compressedSize', 'at']) {
        if (entry[name] !== wide) continue;
        if (offset + 8 > body.length) throw damaged('a zip64 field is too short');
        entry[name] = Number(body.readBigUInt64LE(offset));
        offset += 8;
      }
    }
    at += 4 + length;
  }
  return entry;
}

/**
 * Lists the files in a zip file.
 *
 * @param file an open `FileHandle`
 * @returns `{ name, method, crc32, compressedSize, size, at }[]`, where `at` is the offset of the local header
 * @throws Failure when the file is damaged
 */
export async function readZipDirectory(file) {
  const { size } = await file.stat();
  const directory = await findDirectory(file, size);
  if (directory.length > directoryLimit) throw damaged('its directory is too large');
  const buffer = await read(file, { at: directory.at, length: directory.length, size });
  const entries = [];
  for (let at = 0; entries.length < directory.count; ) {
    if (at + 46 > buffer.length || buffer.readUInt32LE(at) !== signatures.entry) throw damaged('its directory is cut');
    const nameEnd = at + 46 + buffer.readUInt16LE(at + 28);
    const extraEnd = nameEnd + buffer.readUInt16LE(at + 30);
    if (extraEnd > buffer.length) throw damaged('its directory is cut');
    const entry = {
      name: buffer.toString('utf8', at + 46, nameEnd),
      method: buffer.readUInt16LE(at + 10),
      crc32: buffer.readUInt32LE(at + 16),
      compressedSize: buffer.readUInt32LE(at + 20),
      size: buffer.readUInt32LE(at + 24),
      at: buffer.readUInt32LE(at + 42),
    };
    entries.push(widen(entry, buffer.subarray(nameEnd, extraEnd)));
    at = extraEnd + buffer.readUInt16LE(at + 32);
  }
  return entries;
}

/** Where the bytes of an entry start: behind its local header, whose name and extra field have lengths of their own. */
export async function dataOffset(file, entry) {
  const { size } = await file.stat();
  const header = await read(file, { at: entry.at, length: 30, size });
  if (header.readUInt32LE(0) !== signatures.local) throw damaged(`no header of ${entry.name}`);
  const start = entry.at + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + entry.compressedSize > size) throw damaged(`${entry.name} is cut`);
  return start;
}
