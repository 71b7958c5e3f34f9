import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '@dgpo/trajectory';
import { decodeBfloat16, decodeFloat16 } from '../half-precision.js';
import { readFully } from '../safetensors-header.js';
import { chunkElements, type OnValues } from '../stored-tensor.js';
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
  // Little-endian, as are all machines that TensorFlow.js runs on.
  F32: (blocks, values) => values.set(new Float32Array(blocks.buffer, blocks.byteOffset, values.length)),
  F16: (blocks, values) => decodeFloat16(words(blocks), values),
  BF16: (blocks, values) => decodeBfloat16(words(blocks), values),
  Q8_0: dequantizeQ8_0,
  Q4_0: dequantizeQ4_0,
  Q4_1: dequantizeQ4_1,
  Q4_K: dequantizeQ4_K,
  Q6_K: dequantizeQ6_K,
};

/**
 * Reads one tensor as float32, row-major, piece by piece. Beside one piece, nothing is held.
 * @throws {ModelError} when the type is not one of F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K and Q6_K.
 */
export async function streamGgufTensor(file: FileHandle, info: GgufTensorInfo, onValues: OnValues): Promise<void> {
  const { type, begin } = info;
  const dequantize = dequantizers[type];
  if (dequantize === undefined) {
    const readable = Object.keys(dequantizers).join(', ');
    throw new ModelError(`type ${type} cannot be read, only ${readable} can; quantize the model to one of these`);
  }
  const { blockElements, blockBytes } = ggmlLayout(type);
  const elements = ggufElements(info);
  const values = new Float32Array(Math.min(chunkElements, elements));
  const buffer = new Uint8Array((values.length / blockElements) * blockBytes);
  for (let start = 0; start < elements; start += chunkElements) {
    const part = values.subarray(0, Math.min(chunkElements, elements - start));
    const blocks = buffer.subarray(0, (part.length / blockElements) * blockBytes);
    await readFully(file, blocks, begin + (start / blockElements) * blockBytes);
    dequantize(blocks, part);
    onValues(part, start);
  }
}

/** Number of values of a tensor. */
export function ggufElements({ type, begin, end }: GgufTensorInfo): number {
  const { blockElements, blockBytes } = ggmlLayout(type);
  return ((end - begin) / blockBytes) * blockElements;
}
