import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '@dgpo/trajectory';
import { withModelFile } from '../safetensors-header.js';
import { type GgmlType, ggmlLayout, ggmlType } from './ggml-types.js';
import { createHeaderCursor, type HeaderCursor } from './header-cursor.js';
import { type GgufValue, readCount, readMetadataValue, readString } from './metadata-value.js';
import { quote, within } from './within.js';

export interface GgufTensorInfo {
  /** In row-major order as in PyTorch: the dimensions of the file, last one first. */
  shape: number[];
  /** The type in the file. */
  type: GgmlType;
  /** First byte in the file, and the byte after the last. */
  begin: number;
  end: number;
}

export interface GgufHeader {
  version: 2 | 3;
  /** Tensors begin at multiples of this many bytes: `general.alignment`, 32 where the file does not say. */
  alignment: number;
  /** In the order of the file. */
  metadata: Map<string, GgufValue>;
  /** In the order of their bytes in the file. */
  tensors: Map<string, GgufTensorInfo>;
}

interface TensorEntry extends Omit<GgufTensorInfo, 'begin' | 'end'> {
  /** From the start of the data. */
  offset: number;
  bytes: number;
}

/** Longest keys of the format; tensor names have at most 63 bytes in ggml itself. */
const maximumNameBytes = 65535;
const maximumDimensions = 4;
const defaultAlignment = 32;

async function readPreamble(cursor: HeaderCursor): Promise<2 | 3> {
  const magic = await cursor.take(4);
  if (magic.toString('latin1') !== 'GGUF') {
    throw new ModelError(`is no GGUF file: it begins with the bytes ${magic.toString('hex')}, not with "GGUF"`);
  }
  const version = (await cursor.take(4)).readUInt32LE();
  if (version === 2 || version === 3) return version;
  if (version % 2 ** 16 === 0 && version !== 0) {
    throw new ModelError('the file is big-endian; convert it with gguf-convert-endian of the Python package gguf');
  }
  throw new ModelError(`GGUF version ${version} cannot be read, 2 and 3 can; convert the model again`);
}

/** How many entries follow, each of them at least so long. */
async function readEntryCount(cursor: HeaderCursor, what: string, leastBytes: number): Promise<number> {
  return within(`the number of ${what}`, async () => {
    const count = await readCount(cursor, 'a count', Number.MAX_SAFE_INTEGER);
    if (count * leastBytes > cursor.remaining()) {
      throw new ModelError(`${count} do not fit into the ${cursor.remaining()} bytes that may follow`);
    }
    return count;
  });
}

async function readMetadata(cursor: HeaderCursor, count: number): Promise<Map<string, GgufValue>> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = await within(`key ${i + 1} of ${count} of the metadata`, () => readString(cursor, maximumNameBytes));
    await within(`metadata ${quote(key)}`, async () => {
      if (metadata.has(key)) throw new ModelError('the key is in the file twice');
      const type = (await cursor.take(4)).readUInt32LE();
      metadata.set(key, await readMetadataValue(cursor, type));
    });
  }
  return metadata;
}

async function readTensorEntry(cursor: HeaderCursor): Promise<TensorEntry> {
  const rank = (await cursor.take(4)).readUInt32LE();
  if (rank > maximumDimensions) throw new ModelError(`has ${rank} dimensions; ggml has at most ${maximumDimensions}`);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) shape.unshift(await readCount(cursor, 'a dimension', Number.MAX_SAFE_INTEGER));
  const id = (await cursor.take(4)).readUInt32LE();
  const type = ggmlType(id);
  if (type === undefined) throw new ModelError(`has the unknown type ${id}`);
  const offset = await readCount(cursor, 'an offset', Number.MAX_SAFE_INTEGER);
  const { blockElements, blockBytes } = ggmlLayout(type);
  const rowElements = shape.at(-1) ?? 1;
  if (rowElements % blockElements !== 0) {
    throw new ModelError(`rows of ${rowElements} are no whole blocks of ${blockElements}, as type ${type} wants`);
  }
  const elements = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  const bytes = (elements / blockElements) * blockBytes;
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(bytes)) {
    throw new ModelError(`the shape [${shape}] is too large`);
  }
  return { shape, type, offset, bytes };
}

async function readTensorEntries(cursor: HeaderCursor, count: number): Promise<Map<string, TensorEntry>> {
  const tensors = new Map<string, TensorEntry>();
  for (let i = 0; i < count; i++) {
    const name = await within(`the name of tensor ${i + 1} of ${count}`, () => readString(cursor, maximumNameBytes));
    await within(`tensor ${quote(name)}`, async () => {
      if (tensors.has(name)) throw new ModelError('the name is in the file twice');
      tensors.set(name, await readTensorEntry(cursor));
    });
  }
  return tensors;
}

function alignmentOf(metadata: Map<string, GgufValue>): number {
  const alignment = metadata.get('general.alignment') ?? defaultAlignment;
  // Up to 2^30, so that the bits of a 32-bit integer can tell.
  if (typeof alignment === 'number' && alignment > 0 && (alignment & -alignment) === alignment) return alignment;
  throw new ModelError(`general.alignment is ${quote(String(alignment))}; it has to be a power of two`);
}

function placeTensors(
  entries: Map<string, TensorEntry>,
  { dataStart, alignment, fileBytes }: { dataStart: number; alignment: number; fileBytes: number },
): Map<string, GgufTensorInfo> {
  const placed = [...entries].map(([name, { shape, type, offset, bytes }]): [string, GgufTensorInfo] => {
    if (offset % alignment !== 0) {
      throw new ModelError(`tensor ${quote(name)} has the offset ${offset}, no multiple of the alignment ${alignment}`);
    }
    const begin = dataStart + offset;
    return [name, { shape, type, begin, end: begin + bytes }];
  });
  placed.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let covered = dataStart;
  for (const [name, { begin, end }] of placed) {
    if (begin < covered) throw new ModelError(`tensor ${quote(name)} overlaps another`);
    if (end > fileBytes) {
      throw new ModelError(
        `the file is truncated: it ends at byte ${fileBytes}, tensor ${quote(name)} is at ${begin} to ${end}`,
      );
    }
    covered = end;
  }
  return new Map(placed);
}

/** Reads and checks the header of an open file. */
export async function readGgufHeaderOf(file: FileHandle): Promise<GgufHeader> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new ModelError('is no regular file');
  const cursor = createHeaderCursor(file, stats.size);
  const version = await readPreamble(cursor);
  // A tensor has at least the length of its name, its rank, type and offset; metadata a length, a type and a byte.
  const tensorCount = await readEntryCount(cursor, 'tensors', 24);
  const metadataCount = await readEntryCount(cursor, 'metadata entries', 13);
  const metadata = await readMetadata(cursor, metadataCount);
  const entries = await readTensorEntries(cursor, tensorCount);
  const alignment = alignmentOf(metadata);
  const dataStart = Math.ceil(cursor.position() / alignment) * alignment;
  return {
    version,
    alignment,
    metadata,
    tensors: placeTensors(entries, { dataStart, alignment, fileBytes: stats.size }),
  };
}

/**
 * Reads and checks the header of a GGUF file, versions 2 and 3, little-endian; the data is not read.
 *
 * Source: docs/gguf.md of ggml-org/ggml. Beyond its rules, a header is at most 64 MiB, a string 32 MiB, an array
 * 4 194 304 elements long and 8 levels deep. Bytes between tensors and after the last are allowed, they may be padding.
 * @throws {ModelError} naming the file and the entry: no GGUF, another version or byte order, a truncated file, a key
 *   or a name twice, an unknown value or tensor type, a limit exceeded, offsets off the alignment, tensors that overlap
 *   or end past the file.
 */
export function readGgufHeader(path: string): Promise<GgufHeader> {
  return withModelFile(path, readGgufHeaderOf);
}
