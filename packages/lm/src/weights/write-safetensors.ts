import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '@dgpo/trajectory';
import { encodeBfloat16, encodeFloat16 } from './half-precision.js';
import { writeFileBeside } from './write-file-beside.js';

export interface WriteSafetensorsOptions {
  path: string;
  /** Name to shape and values in row-major order; `data` may be a getter, since it is read once, when its turn comes. */
  tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  /**
   * The type in the file; half precision rounds to nearest, ties to even.
   * @default 'F32'
   */
  dtype?: 'F32' | 'F16' | 'BF16';
  /**
   * Texts kept in the header; Hugging Face's readers expect `{ format: 'pt' }` of models.
   * @default none
   */
  metadata?: Readonly<Record<string, string>>;
}

/** Elements that are converted and written at once. */
const chunkElements = 1 << 20;

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
}

function encodeChunk(name: string, values: Float32Array, dtype: 'F32' | 'F16' | 'BF16'): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const encoded = dtype === 'F16' ? encodeFloat16(values) : encodeBfloat16(values);
  const infinity = dtype === 'F16' ? 0x7c00 : 0x7f80;
  const lost = encoded.findIndex((bits, i) => (bits & 0x7fff) === infinity && Number.isFinite(values[i]));
  if (lost >= 0) throw new ModelError(`tensor ${JSON.stringify(name)}: ${values[lost]} is too large for ${dtype}`);
  return new Uint8Array(encoded.buffer);
}

function byUtf8([a]: [string, unknown], [b]: [string, unknown]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * Writes a safetensors file beside its final place and renames it. Tensors and metadata are sorted by name, so equal
 * content gives equal bytes, and the same ones as Hugging Face's own writer where there is at most one metadata entry.
 *
 * Source: the format and `serialize` in huggingface/safetensors.
 * @throws {ModelError} naming the file: a shape that does not fit its values, the reserved name `__metadata__`, a
 *   finite value that half precision would make infinite, or a file that cannot be written. An older file then stays.
 */
export async function writeSafetensors(options: WriteSafetensorsOptions): Promise<void> {
  const { path, tensors, dtype = 'F32', metadata = {} } = options;
  const sorted = [...tensors].sort(byUtf8);
  const fields: string[] = [];
  const notes = Object.entries(metadata).sort(byUtf8);
  if (notes.length > 0) {
    const pairs = notes.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(String(value))}`);
    fields.push(`"__metadata__":{${pairs.join(',')}}`);
  }
  let offset = 0;
  for (const [name, { shape }] of sorted) {
    const elements = shape.reduce((product, size) => product * size, 1);
    if (name === '__metadata__' || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new ModelError(`tensor ${JSON.stringify(name)} [${shape}] has a reserved name or a bad shape`, {
        where: path,
      });
    }
    const end = offset + elements * (dtype === 'F32' ? 4 : 2);
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  }
  // Spaces after the header align the data to 8 bytes.
  const json = Buffer.from(`{${fields.join(',')}}`);
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);

  await writeFileBeside(path, async (file) => {
    await writeFully(file, header);
    for (const [name, { shape, data }] of sorted) {
      if (shape.reduce((product, size) => product * size, 1) !== data.length) {
        throw new ModelError(`tensor ${JSON.stringify(name)} [${shape}] has ${data.length} values`);
      }
      for (let start = 0; start < data.length; start += chunkElements) {
        await writeFully(file, encodeChunk(name, data.subarray(start, start + chunkElements), dtype));
      }
    }
  });
}
