import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '@dgpo/trajectory';
import { decodeBfloat16, decodeFloat16 } from './half-precision.js';
import {
  readFully,
  readHeaderOf,
  type SafetensorsDtype,
  type SafetensorsEntry,
  type SafetensorsHeader,
  withModelFile,
} from './safetensors-header.js';
import { chunkElements, type OnValues, type StoredTensor } from './stored-tensor.js';

export interface SafetensorsTensor {
  shape: number[];
  /** The type in the file. */
  dtype: SafetensorsDtype;
  /** The values in row-major order: `shape` multiplied out. */
  data: Float32Array;
}

export interface ReadSafetensorsOptions {
  path: string;
  /**
   * Which tensors to read; the others cost nothing and may be of any type.
   * @default all
   */
  names?: readonly string[];
}

type Decode = (bytes: Uint8Array, values: Float32Array) => void;

const words = (bytes: Uint8Array) => new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);

function decodeIntegers(bytes: Uint8Array, values: Float32Array): void {
  const integers = new Int32Array(bytes.buffer, bytes.byteOffset, values.length);
  values.set(integers);
  const inexact = integers.findIndex((value, i) => values[i] !== value);
  if (inexact >= 0) throw new ModelError(`the integer ${integers[inexact]} has no exact float32 value`);
}

/** Bytes per element and how to read them. The format is little-endian, as are all machines that TensorFlow.js runs on. */
const decoders: Partial<Record<SafetensorsDtype, { bytes: number; decode: Decode }>> = {
  F32: {
    bytes: 4,
    decode: (bytes, values) => values.set(new Float32Array(bytes.buffer, bytes.byteOffset, values.length)),
  },
  F16: { bytes: 2, decode: (bytes, values) => decodeFloat16(words(bytes), values) },
  BF16: { bytes: 2, decode: (bytes, values) => decodeBfloat16(words(bytes), values) },
  I32: { bytes: 4, decode: decodeIntegers },
};

async function streamValues(file: FileHandle, entry: SafetensorsEntry, onValues: OnValues): Promise<void> {
  const { dtype, begin, end } = entry;
  const decoder = decoders[dtype];
  if (decoder === undefined) {
    throw new ModelError(`dtype ${dtype} cannot be read; F32, F16, BF16 and I32 can. Convert the file first`);
  }
  const elements = (end - begin) / decoder.bytes;
  const values = new Float32Array(Math.min(chunkElements, elements));
  const bytes = new Uint8Array(values.length * decoder.bytes);
  for (let start = 0; start < elements; start += chunkElements) {
    const count = Math.min(chunkElements, elements - start);
    const piece = bytes.subarray(0, count * decoder.bytes);
    await readFully(file, piece, begin + start * decoder.bytes);
    const part = values.subarray(0, count);
    decoder.decode(piece, part);
    onValues(part, start);
  }
}

async function streamNamed(file: FileHandle, name: string, entry: SafetensorsEntry, onValues: OnValues): Promise<void> {
  try {
    await streamValues(file, entry, onValues);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`tensor ${JSON.stringify(name)}: ${reason}`, { cause });
  }
}

/**
 * Hands over all tensors of a safetensors file, one after the other, to be read or passed by.
 *
 * @param options.check sees the header before the first tensor
 * @throws {ModelError} as {@link readSafetensors}
 */
export function eachSafetensor(options: {
  path: string;
  check?: (header: SafetensorsHeader) => void;
  onTensor: (tensor: StoredTensor) => Promise<void>;
}): Promise<void> {
  const { path, check, onTensor } = options;
  return withModelFile(path, async (file) => {
    const header = await readHeaderOf(file);
    check?.(header);
    for (const [name, entry] of header.tensors) {
      const read = (onValues: OnValues) => streamNamed(file, name, entry, onValues);
      await onTensor({ name, shape: entry.shape, where: path, read });
    }
  });
}

/**
 * Reads the tensors of a safetensors file, one after the other; beside the values returned, at most a few megabytes are
 * held. F16 and BF16 become float32 without loss; I32 does where each value is exact, otherwise it is an error.
 * @throws {ModelError} naming the file and the tensor; see {@link readSafetensorsHeader} for what is checked.
 */
export function readSafetensors({ path, names }: ReadSafetensorsOptions): Promise<Map<string, SafetensorsTensor>> {
  return withModelFile(path, async (file) => {
    const { tensors } = await readHeaderOf(file);
    const read = new Map<string, SafetensorsTensor>();
    for (const name of names ?? tensors.keys()) {
      const entry = tensors.get(name);
      if (entry === undefined) throw new ModelError(`has no tensor ${JSON.stringify(name)}`);
      const data = new Float32Array(entry.shape.reduce((product, size) => product * size, 1));
      await streamNamed(file, name, entry, (values, start) => data.set(values, start));
      read.set(name, { shape: entry.shape, dtype: entry.dtype, data });
    }
    return read;
  });
}
