/**
 * The bytes of TensorBoard event files: TFRecord framing (tensorflow/core/lib/io/record_writer.cc) around `Event` messages
 * (tensorflow/core/util/event.proto), of which four fields are needed.
 */

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

/** CRC-32C (Castagnoli; RFC 3720, appendix B.4). */
export function crc32c(data: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of data) value = (crcTable[(value ^ byte) & 0xff] as number) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** The checksum as TFRecord stores it: rotated right by 15 bits, plus a constant. */
export function maskedCrc32c(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One record: length, checksum of the length, data, checksum of the data; all little-endian. */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const key = (field: number, type: keyof typeof wireType) => varint(field * 8 + wireType[type]);
const bytesField = (field: number, data: readonly number[]) => [
  ...key(field, 'bytes'),
  ...varint(data.length),
  ...data,
];
const textField = (field: number, text: string) => bytesField(field, [...new TextEncoder().encode(text)]);

function doubleField(field: number, value: number): number[] {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [...key(field, 'fixed64'), ...bytes];
}

function floatField(field: number, value: number): number[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [...key(field, 'fixed32'), ...bytes];
}

/** First event of a file: `Event { wall_time = 1; file_version = 3 }`. */
export function fileVersionEvent(wallTime: number): Uint8Array {
  return Uint8Array.from([...doubleField(1, wallTime), ...textField(3, 'brain.Event:2')]);
}

/**
 * `Event { wall_time = 1; step = 2; session_log = 7 { status = START } }`: readers drop what earlier files of the run say about
 * this step and later ones.
 */
export function sessionStartEvent(wallTime: number, step: number): Uint8Array {
  const sessionLog = [...key(1, 'varint'), 1];
  return Uint8Array.from([
    ...doubleField(1, wallTime),
    ...key(2, 'varint'),
    ...varint(step),
    ...bytesField(7, sessionLog),
  ]);
}

/** `Event { wall_time = 1; step = 2; summary = 5 { value = 1 { tag = 1; simple_value = 2 } … } }`. */
export function scalarsEvent(wallTime: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).flatMap(([tag, value]) =>
    bytesField(1, [...textField(1, tag), ...floatField(2, value)]),
  );
  return Uint8Array.from([...doubleField(1, wallTime), ...key(2, 'varint'), ...varint(step), ...bytesField(5, values)]);
}
