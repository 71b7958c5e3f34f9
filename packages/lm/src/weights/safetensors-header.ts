import { type FileHandle, open } from 'node:fs/promises';
import { ModelError } from '@dgpo/trajectory';
import { findDuplicateKey } from './duplicate-keys.js';

/** Bits per element of each type of the format. */
const bitsPerElement = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

export type SafetensorsDtype = keyof typeof bitsPerElement;

export interface SafetensorsEntry {
  dtype: SafetensorsDtype;
  shape: number[];
  /** First byte in the file, and the byte after the last. */
  begin: number;
  end: number;
}

export interface SafetensorsHeader {
  metadata: Record<string, string>;
  /** In the order of their bytes in the file. */
  tensors: Map<string, SafetensorsEntry>;
}

/** Longer headers are refused, as by Hugging Face's own JavaScript reader. */
const maximumHeaderBytes = 25_000_000;
const maximumRank = 64;

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function entries(value: unknown, what: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ModelError(`${what} is no object`);
  return Object.entries(value);
}

function parseMetadata(value: unknown): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, text] of entries(value, '__metadata__')) {
    if (typeof text !== 'string') throw new ModelError(`__metadata__ ${JSON.stringify(key)} is no text`);
    metadata[key] = text;
  }
  return metadata;
}

function parseEntry(name: string, value: unknown, dataStart: number): SafetensorsEntry {
  const what = `tensor ${JSON.stringify(name)}`;
  const fields = new Map(entries(value, what));
  const dtype = fields.get('dtype');
  if (typeof dtype !== 'string' || !Object.hasOwn(bitsPerElement, dtype)) {
    throw new ModelError(`${what} has the unknown dtype ${JSON.stringify(dtype)}`);
  }
  const shape = fields.get('shape');
  if (!Array.isArray(shape) || shape.length > maximumRank || !shape.every(isCount)) {
    throw new ModelError(`${what} has no valid shape`);
  }
  const offsets: unknown = fields.get('data_offsets');
  const [begin, end]: unknown[] = Array.isArray(offsets) && offsets.length === 2 ? offsets : [];
  if (!isCount(begin) || !isCount(end) || begin > end) throw new ModelError(`${what} has no valid data_offsets`);
  const elements = shape.includes(0) ? 0 : shape.reduce((product: number, size: number) => product * size, 1);
  const bytes = (elements * bitsPerElement[dtype as SafetensorsDtype]) / 8;
  if (bytes !== end - begin) {
    throw new ModelError(`${what} needs ${bytes} bytes as ${dtype} [${shape}], its data_offsets hold ${end - begin}`);
  }
  return { dtype: dtype as SafetensorsDtype, shape, begin: dataStart + begin, end: dataStart + end };
}

function parseHeader(json: string, dataStart: number, fileBytes: number): SafetensorsHeader {
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch (cause) {
    throw new ModelError('the header is no JSON', { cause });
  }
  const duplicate = findDuplicateKey(json);
  if (duplicate !== undefined) throw new ModelError(`the header holds ${JSON.stringify(duplicate)} twice`);

  let metadata: Record<string, string> = Object.create(null);
  const found: [string, SafetensorsEntry][] = [];
  for (const [name, value] of entries(root, 'the header')) {
    if (name === '__metadata__') metadata = parseMetadata(value);
    else found.push([name, parseEntry(name, value, dataStart)]);
  }
  found.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let covered = dataStart;
  for (const [name, { begin, end }] of found) {
    if (begin < covered) throw new ModelError(`tensor ${JSON.stringify(name)} overlaps another`);
    if (begin > covered)
      throw new ModelError(`a hole of ${begin - covered} bytes before tensor ${JSON.stringify(name)}`);
    if (end > fileBytes)
      throw new ModelError(`tensor ${JSON.stringify(name)} ends ${end - fileBytes} bytes past the file`);
    covered = end;
  }
  if (covered < fileBytes) throw new ModelError(`${fileBytes - covered} bytes after the last tensor belong to none`);
  return { metadata, tensors: new Map(found) };
}

/**
 * Fills `target` from a place in the file.
 * @throws {ModelError} when the file ends before.
 */
export async function readFully(file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < target.length) {
    // One read call moves at most 2 GiB on most systems.
    const length = Math.min(target.length - done, 1 << 30);
    const { bytesRead } = await file.read(target, done, length, position + done);
    if (bytesRead === 0) throw new ModelError(`the file ends at byte ${position + done}, in the middle of its content`);
    done += bytesRead;
  }
}

/** Reads and checks the header of an open file. */
export async function readHeaderOf(file: FileHandle): Promise<SafetensorsHeader> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new ModelError('is no regular file');
  if (stats.size < 10) throw new ModelError(`is too short (${stats.size} bytes) for a safetensors file`);
  const prefix = Buffer.alloc(8);
  await readFully(file, prefix, 0);
  const length = prefix.readBigUInt64LE();
  if (length > BigInt(maximumHeaderBytes)) {
    throw new ModelError(`the header claims ${length} bytes; more than ${maximumHeaderBytes} are not read`);
  }
  const dataStart = 8 + Number(length);
  if (dataStart > stats.size) throw new ModelError(`the header claims ${length} bytes, the file has ${stats.size - 8}`);
  const bytes = new Uint8Array(Number(length));
  await readFully(file, bytes, 8);
  if (bytes[0] !== 0x7b) throw new ModelError('the header does not begin with "{"');
  let json: string;
  try {
    json = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ModelError('the header is no UTF-8', { cause });
  }
  return parseHeader(json, dataStart, stats.size);
}

/** Opens a file for reading and names it in every error. */
export async function withModelFile<Result>(path: string, use: (file: FileHandle) => Promise<Result>): Promise<Result> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    return await use(file);
  } catch (cause) {
    if (cause instanceof ModelError && cause.where === path) throw cause;
    throw new ModelError(cause instanceof Error ? cause.message : String(cause), { where: path, cause });
  } finally {
    await file?.close();
  }
}

/**
 * Reads and checks the header of a safetensors file; the data is not read.
 *
 * Source: the format in huggingface/safetensors, README.md, "Format". Beyond its rules, headers over 25 MB are refused.
 * @throws {ModelError} naming the file: unreadable, header too long or no JSON, a key twice, an unknown dtype, sizes
 *   that do not agree, tensors that overlap, leave holes or end past the file.
 */
export function readSafetensorsHeader({ path }: { path: string }): Promise<SafetensorsHeader> {
  return withModelFile(path, readHeaderOf);
}
