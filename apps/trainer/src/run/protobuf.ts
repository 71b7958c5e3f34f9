/** The few wire types of Protocol Buffers that TensorBoard's and W&B's messages need; fields are lists of bytes to be joined. */

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

const key = (field: number, type: keyof typeof wireType) => varint(field * 8 + wireType[type]);

/** A whole number from 0. */
export const integerField = (field: number, value: number) => [...key(field, 'varint'), ...varint(value)];

/** Bytes, or a message within a message. */
export const bytesField = (field: number, data: readonly number[]) => [
  ...key(field, 'bytes'),
  ...varint(data.length),
  ...data,
];

export const textField = (field: number, text: string) => bytesField(field, [...new TextEncoder().encode(text)]);

export function doubleField(field: number, value: number): number[] {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [...key(field, 'fixed64'), ...bytes];
}

export function floatField(field: number, value: number): number[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [...key(field, 'fixed32'), ...bytes];
}

/** One field of a message: a number for varints, bytes for everything else. */
interface ProtobufField {
  field: number;
  value: number | Uint8Array;
}

/** The fields of a message in their order; undefined where the bytes are not a message. */
export function readFields(data: Uint8Array): ProtobufField[] | undefined {
  const fields: ProtobufField[] = [];
  let position = 0;
  const readVarint = () => {
    let value = 0;
    for (let shift = 1; shift <= 2 ** 49; shift *= 128) {
      const byte = data[position++];
      if (byte === undefined) return undefined;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
    return undefined;
  };
  while (position < data.length) {
    const tag = readVarint();
    if (tag === undefined) return undefined;
    const type = tag % 8;
    const number = type === wireType.fixed64 ? 8 : type === wireType.fixed32 ? 4 : readVarint();
    if (number === undefined || (type !== wireType.varint && position + number > data.length)) return undefined;
    if (type === wireType.varint) {
      fields.push({ field: (tag - type) / 8, value: number });
    } else if (type === wireType.bytes || type === wireType.fixed32 || type === wireType.fixed64) {
      fields.push({ field: (tag - type) / 8, value: data.subarray(position, position + number) });
      position += number;
    } else {
      return undefined;
    }
  }
  return fields;
}
