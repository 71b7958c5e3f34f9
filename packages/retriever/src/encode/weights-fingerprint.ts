import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What transformers.js puts behind `model` in the name of the ONNX file of a number format. */
const suffixes: Readonly<Record<string, string>> = { fp32: '', q8: '_quantized' };

/** SHA-256 (hex) of the weights of a model folder, or null when the file has another name. */
export async function fingerprintWeights({ folder, dtype }: { folder: string; dtype: string }): Promise<string | null> {
  const hash = createHash('sha256');
  const path = join(folder, 'onnx', `model${suffixes[dtype] ?? `_${dtype}`}.onnx`);
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  } catch {
    return null;
  }
  return hash.digest('hex');
}
