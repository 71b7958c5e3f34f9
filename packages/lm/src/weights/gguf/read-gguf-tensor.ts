import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '@dgpo/trajectory';
import { decodeBfloat16, decodeFloat16 } from '../half-precision.js';
import { readFully } from '../safetensors-header.js';
import { dequantizeQ4_0 } from './dequantize-q4-0.js';
import { dequantizeQ4_1 } from './dequantize-q4-1.js';
import { dequantizeQ4_K } from './dequantize-q4-k.js';
import { dequantizeQ6_K } from './dequantize-q6-k.js';
import { dequantizeQ8_0 } from './dequantize-q8-0.js';
import { type GgmlType, ggmlLayout } from './ggml-types.js';
import type { GgufTensorInfo } from './gguf-header.js';

/** Turns whole blocks into values, in order; `values` has room for exactly those. */
type Dequantize = (blocks: Uint8Array, values: Float32Array) => void;

const words = (bytes: Uint8Array) => new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);

const dequantizers: Partial<Record<GgmlType, Dequantize>> = {
  F16: (blocks, values) => values.set(decodeFloat16(words(blocks))),
  BF16: (blocks, values) => values.set(decodeBfloat16(words(blocks))),
  Q8_0: dequantizeQ8_0,
  Q4_0: dequantizeQ4_0,
  Q4_1: dequantizeQ4_1,
  Q4_K: dequantizeQ4_K,
  Q6_K: dequantizeQ6_K,
};

/** Elements that are read and converted at once, a multiple of every block. */
const chunkElements = 1 << 20;

/**
 * Reads one tensor as float32, row-major. Beside the values, a few megabytes are held.
 * @throws {ModelError} when the type is not one of F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K and Q6_K.
 */
export async function readGgufTensor(file: FileHandle, { type, begin, end }: GgufTensorInfo): Promise<Float32Array> {
  const dequantize = dequantizers[type];
  if (dequantize === undefined && type !== 'F32') {
    const readable = ['F32', ...Object.keys(dequantizers)].join(', ');
    throw new ModelError(`type ${type} cannot be read, only ${readable} can; quantize the model to one of these`);
  }
  const { blockElements, blockBytes } = ggmlLayout(type);
  const values = new Float32Array(((end - begin) / blockBytes) * blockElements);
  if (dequantize === undefined) {
    // Straight into place. The format is little-endian, as are all machines that TensorFlow.js runs on.
    await readFully(file, new Uint8Array(values.buffer), begin);
    return values;
  }
  const chunkBytes = (chunkElements / blockElements) * blockBytes;
  const buffer = new Uint8Array(Math.min(chunkBytes, end - begin));
  for (let start = 0; start < values.length; start += chunkElements) {
    const part = values.subarray(start, start + chunkElements);
    const blocks = buffer.subarray(0, (part.length / blockElements) * blockBytes);
    await readFully(file, blocks, begin + (start / blockElements) * blockBytes);
    dequantize(blocks, part);
  }
  return values;
}
