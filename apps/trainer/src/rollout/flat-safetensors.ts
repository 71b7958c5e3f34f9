import { ModelError } from '@dgpo/trajectory';

/** Names and shapes of tensors that lie one after the other in a flat array. */
export type FlatShapes = ReadonlyMap<string, readonly number[]>;

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/**
 * The header of a safetensors file whose float32 tensors lie in the order of `shapes`, with its length before it; the values follow as
 * they are.
 *
 * Source: the format of huggingface/safetensors.
 */
export function flatHeader(shapes: FlatShapes): Uint8Array {
  let offset = 0;
  const fields = [...shapes].map(([name, shape]) => {
    const begin = offset;
    offset += 4 * sizeOf(shape);
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype: 'F32', shape, data_offsets: [begin, offset] })}`;
  });
  const json = Buffer.from(`{${fields.join(',')}}`);
  // Spaces after the header align the values to 8 bytes.
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  return header;
}

/**
 * The values of a file that starts with the header of `shapes`, without a copy where they are aligned.
 *
 * @throws ModelError when the file holds other tensors, or is of another length
 */
export function flatValuesOf(file: Uint8Array, shapes: FlatShapes): Float32Array {
  const header = flatHeader(shapes);
  const count = [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  if (Buffer.compare(header, file.subarray(0, header.length)) !== 0 || file.length !== header.length + 4 * count) {
    throw new ModelError('the weights that arrived are not those of this model');
  }
  const start = file.byteOffset + header.length;
  if (start % 4 === 0) return new Float32Array(file.buffer, start, count);
  return new Float32Array(new Uint8Array(file.subarray(header.length)).buffer);
}
