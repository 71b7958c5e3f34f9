import { isUtf8 } from 'node:buffer';
import { ModelError } from '@dgpo/trajectory';
import type { HeaderCursor } from './header-cursor.js';

/** 64-bit integers are numbers where those are exact, otherwise bigints. */
export type GgufValue = number | bigint | boolean | string | GgufValue[];

const maximumStringBytes = 32 * 2 ** 20;
const maximumArrayLength = 2 ** 22;
const maximumDepth = 8;
const stringType = 8;
const arrayType = 9;

interface Scalar {
  bytes: number;
  read(from: Buffer, at: number): GgufValue;
}

const exactNumber = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

function readBoolean(from: Buffer, at: number): boolean {
  const byte = from.readUInt8(at);
  if (byte > 1) throw new ModelError(`a boolean is the byte ${byte}; only 0 and 1 are allowed`);
  return byte === 1;
}

/** `enum gguf_type` of ggml's gguf.h, less strings (8) and arrays (9). */
const scalars = new Map<number, Scalar>([
  [0, { bytes: 1, read: (from, at) => from.readUInt8(at) }],
  [1, { bytes: 1, read: (from, at) => from.readInt8(at) }],
  [2, { bytes: 2, read: (from, at) => from.readUInt16LE(at) }],
  [3, { bytes: 2, read: (from, at) => from.readInt16LE(at) }],
  [4, { bytes: 4, read: (from, at) => from.readUInt32LE(at) }],
  [5, { bytes: 4, read: (from, at) => from.readInt32LE(at) }],
  [6, { bytes: 4, read: (from, at) => from.readFloatLE(at) }],
  [7, { bytes: 1, read: readBoolean }],
  [10, { bytes: 8, read: (from, at) => exactNumber(from.readBigUInt64LE(at)) }],
  [11, { bytes: 8, read: (from, at) => exactNumber(from.readBigInt64LE(at)) }],
  [12, { bytes: 8, read: (from, at) => from.readDoubleLE(at) }],
]);

/**
 * An unsigned 64-bit integer that says how much of something follows.
 * @throws {ModelError} when it is more than `maximum`.
 */
export async function readCount(cursor: HeaderCursor, what: string, maximum: number): Promise<number> {
  const count = (await cursor.take(8)).readBigUInt64LE();
  if (count > BigInt(maximum)) throw new ModelError(`${what} of ${count} is more than the ${maximum} allowed`);
  return Number(count);
}

/** A length in bytes (uint64), then as many bytes of UTF-8. */
export async function readString(cursor: HeaderCursor, maximumBytes = maximumStringBytes): Promise<string> {
  const length = await readCount(cursor, 'a string length', maximumBytes);
  const bytes = await cursor.take(length);
  if (!isUtf8(bytes)) throw new ModelError(`the string that ends at byte ${cursor.position()} is no UTF-8`);
  return bytes.toString('utf8');
}

async function readArray(cursor: HeaderCursor, depth: number): Promise<GgufValue[]> {
  if (depth > maximumDepth) throw new ModelError(`arrays are nested more than ${maximumDepth} deep`);
  const type = (await cursor.take(4)).readUInt32LE();
  const length = await readCount(cursor, 'an array length', maximumArrayLength);
  const scalar = scalars.get(type);
  // A string has at least its length, an array its type and its length.
  const leastBytes = scalar?.bytes ?? (type === arrayType ? 12 : 8);
  if (length * leastBytes > cursor.remaining()) {
    throw new ModelError(
      `an array claims ${length} elements of at least ${leastBytes} bytes, more than the file holds`,
    );
  }
  const values: GgufValue[] = [];
  if (scalar === undefined) {
    // The type of an empty array is checked too.
    if (type !== stringType && type !== arrayType) throw new ModelError(`unknown value type ${type} in an array`);
    for (let i = 0; i < length; i++) values.push(await readMetadataValue(cursor, type, depth));
    return values;
  }
  const elementsAtOnce = 1 << 16;
  for (let start = 0; start < length; start += elementsAtOnce) {
    const piece = await cursor.take(scalar.bytes * Math.min(elementsAtOnce, length - start));
    for (let at = 0; at < piece.length; at += scalar.bytes) values.push(scalar.read(piece, at));
  }
  return values;
}

/**
 * Reads one metadata value of a type number of the format.
 * @throws {ModelError} unknown type, a boolean other than 0 and 1, text that is no UTF-8, a length beyond its limit.
 */
export async function readMetadataValue(cursor: HeaderCursor, type: number, depth = 0): Promise<GgufValue> {
  if (type === stringType) return readString(cursor);
  if (type === arrayType) return readArray(cursor, depth + 1);
  const scalar = scalars.get(type);
  if (scalar === undefined) throw new ModelError(`unknown value type ${type}`);
  return scalar.read(await cursor.take(scalar.bytes), 0);
}
