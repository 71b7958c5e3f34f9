import { CheckpointError } from '@dgpo/trajectory';

const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/**
 * A safetensors file of float32 tensors in memory, as pieces that follow each other: the header, then the vectors as they are.
 * (https://huggingface.co/docs/safetensors: 8 bytes of length, JSON, data without gaps.)
 *
 * @param options.shapes names and shapes, in the order in which the vectors, laid end to end, hold their values
 */
export function safetensorsBytes(options: {
  shapes: Iterable<readonly [string, readonly number[]]>;
  vectors: readonly Float32Array[];
  metadata?: Readonly<Record<string, string>>;
}): Uint8Array[] {
  const { shapes, vectors, metadata } = options;
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  let offset = 0;
  for (const [name, shape] of shapes) {
    const end = offset + 4 * sizeOf(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const bytes = vectors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes !== offset) throw new RangeError(`the tensors hold ${offset / 4} values, the vectors ${bytes / 4}`);
  const json = Buffer.from(JSON.stringify(header));
  // Spaces after the header align the data to 8 bytes.
  const head = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  head.writeBigUInt64LE(BigInt(head.length - 8));
  json.copy(head, 8);
  return [new Uint8Array(head), ...vectors.map(bytesOf)];
}

/**
 * The values of a file of {@link safetensorsBytes}, all tensors end to end, and its metadata.
 *
 * @throws {CheckpointError} when the bytes are no such file
 */
export function readSafetensorsBytes(
  bytes: Uint8Array,
  where: string,
): { values: Float32Array; metadata: Record<string, unknown> } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.length < 8 ? Number.NaN : Number(view.readBigUInt64LE());
  const start = 8 + length;
  if (!(start <= view.length) || (view.length - start) % 4 !== 0) {
    throw new CheckpointError('is no safetensors file of float32', { where });
  }
  const values = new Float32Array((view.length - start) / 4);
  bytesOf(values).set(bytes.subarray(start));
  try {
    const header: unknown = JSON.parse(view.toString('utf8', 8, start));
    const metadata = typeof header === 'object' && header !== null && '__metadata__' in header && header.__metadata__;
    return { values, metadata: { ...(typeof metadata === 'object' ? metadata : {}) } };
  } catch (cause) {
    throw new CheckpointError('the header of this safetensors file is no JSON', { where, cause });
  }
}
