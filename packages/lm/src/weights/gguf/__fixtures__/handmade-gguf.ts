/** Little-endian pieces of a GGUF file, for files that no writer would write. */
export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

export const text = (value: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
};

/** An array value: the type of its elements, their number, the elements. */
export const array = (type: number, elements: readonly Uint8Array[], length: number | bigint = elements.length): Buffer =>
  Buffer.concat([u32(type), u64(length), ...elements]);

interface HandmadeTensor {
  name: string;
  /** In the order of the file: fastest first. */
  dimensions: readonly (number | bigint)[];
  type: number;
  offset: number | bigint;
}

export interface HandmadeGguf {
  magic?: string;
  version?: number;
  metadata?: readonly (readonly [key: string | Uint8Array, type: number, value: Uint8Array])[];
  tensors?: readonly HandmadeTensor[];
  /** What the file claims, where that is not what it has. */
  metadataCount?: number | bigint;
  tensorCount?: number | bigint;
  /** Padding goes before it up to this alignment. */
  data?: Uint8Array;
  alignment?: number;
}

/** The bytes of a file as described, right or wrong. */
export function handmadeGguf(file: HandmadeGguf): Buffer {
  const { magic = 'GGUF', version = 3, metadata = [], tensors = [], data, alignment = 32 } = file;
  const header = Buffer.concat([
    Buffer.from(magic),
    u32(version),
    u64(file.tensorCount ?? tensors.length),
    u64(file.metadataCount ?? metadata.length),
    ...metadata.flatMap(([key, type, value]) => [text(key), u32(type), value]),
    ...tensors.flatMap(({ name, dimensions, type, offset }) => [
      text(name),
      u32(dimensions.length),
      ...dimensions.map(u64),
      u32(type),
      u64(offset),
    ]),
  ]);
  if (data === undefined) return header;
  return Buffer.concat([header, Buffer.alloc((alignment - (header.length % alignment)) % alignment), data]);
}
