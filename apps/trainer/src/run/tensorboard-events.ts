import { crc32c } from './crc32.js';
import { bytesField, doubleField, floatField, integerField, textField } from './protobuf.js';

/**
 * The bytes of TensorBoard event files: TFRecord framing (tensorflow/core/lib/io/record_writer.cc) around `Event` messages
 * (tensorflow/core/util/event.proto), of which four fields are needed.
 */

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

/** First event of a file: `Event { wall_time = 1; file_version = 3 }`. */
export function fileVersionEvent(wallTime: number): Uint8Array {
  return Uint8Array.from([...doubleField(1, wallTime), ...textField(3, 'brain.Event:2')]);
}

/**
 * `Event { wall_time = 1; step = 2; session_log = 7 { status = START } }`: readers drop what earlier files of the run say about
 * this step and later ones.
 */
export function sessionStartEvent(wallTime: number, step: number): Uint8Array {
  const sessionLog = integerField(1, 1);
  return Uint8Array.from([...doubleField(1, wallTime), ...integerField(2, step), ...bytesField(7, sessionLog)]);
}

/** `Event { wall_time = 1; step = 2; summary = 5 { value = 1 { tag = 1; simple_value = 2 } … } }`. */
export function scalarsEvent(wallTime: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).flatMap(([tag, value]) =>
    bytesField(1, [...textField(1, tag), ...floatField(2, value)]),
  );
  return Uint8Array.from([...doubleField(1, wallTime), ...integerField(2, step), ...bytesField(5, values)]);
}
