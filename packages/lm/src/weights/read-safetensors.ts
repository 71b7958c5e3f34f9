import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '@dgpo/trajectory';
import { decodeBfloat16, decodeFloat16 } from './half-precision.js';
import {
  readFully,
  readHeaderOf,
  type SafetensorsDtype,
  type SafetensorsEntry,
  withModelFile,
} from './safetensors-header.js';

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

/** Elements that are read and converted at once where the file's type is not float32. */
const chunkElements = 1 << 20;

async function readTensor(file: FileHandle, { dtype, begin, end }: SafetensorsEntry): Promise<Float32Array> {
  const bytes = end - begin;
  if (dtype === 'F32') {
    // Straight into place. The format is little-endian, as are all machines that TensorFlow.js runs on.
    const data = new Float32Array(bytes / 4);
    await readFully(file, new Uint8Array(data.buffer), begin);
    return data;
  }
  if (dtype === 'F16' || dtype === 'BF16') {
    const decode = dtype === 'F16' ? decodeFloat16 : decodeBfloat16;
    const data = new Float32Array(bytes / 2);
    for (let start = 0; start < data.length; start += chunkElements) {
      const chunk = new Uint16Array(Math.min(chunkElements, data.length - start));
      await readFully(file, new Uint8Array(chunk.buffer), begin + 2 * start);
      data.set(decode(chunk), start);
    }
    return data;
  }
  if (dtype === 'I32') {
    const integers = new Int32Array(bytes / 4);
    await readFully(file, new Uint8Array(integers.buffer), begin);
    const data = Float32Array.from(integers);
    const inexact = integers.findIndex((value, i) => data[i] !== value);
    if (inexact >= 0) throw new ModelError(`the integer ${integers[inexact]} has no exact float32 value`);
    return data;
  }
  throw new ModelError(`dtype ${dtype} cannot be read; F32, F16, BF16 and I32 can. Convert the file first`);
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
      try {
        read.set(name, { shape: entry.shape, dtype: entry.dtype, data: await readTensor(file, entry) });
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new ModelError(`tensor ${JSON.stringify(name)}: ${reason}`, { cause });
      }
    }
    return read;
  });
}
