import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The fields of a protocol-buffers message: numbers, and bytes. */
function* fieldsOf(data: Buffer): Generator<{ field: number; number: number; bytes: Buffer }> {
  let position = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = data.readUInt8(position++);
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (position < data.length) {
    const key = varint();
    const [field, type] = [key >> 3, key & 7];
    if (type === 0) yield { field, number: varint(), bytes: data.subarray(0, 0) };
    else {
      const length = type === 2 ? varint() : type === 1 ? 8 : 4;
      const bytes = data.subarray(position, position + length);
      yield { field, number: type === 5 ? bytes.readFloatLE() : Number.NaN, bytes };
      position += length;
    }
  }
}

/** The records of an event file; a torn last one is left out, as readers do. */
function* recordsOf(data: Buffer): Generator<Buffer> {
  for (let position = 0; position + 12 <= data.length; ) {
    const end = position + 12 + Number(data.readBigUInt64LE(position));
    if (end + 4 > data.length) return;
    yield data.subarray(position + 12, end);
    position = end + 4;
  }
}

/**
 * What TensorBoard shows of a folder of event files: `tag@step` to value. A session that starts at a step drops what earlier files say
 * about it and later ones.
 */
export function eventValues(directory: string): Record<string, number> {
  let values: { step: number; tag: string; value: number }[] = [];
  for (const name of readdirSync(directory).sort()) {
    for (const record of recordsOf(readFileSync(join(directory, name)))) {
      const fields = [...fieldsOf(record)];
      const step = fields.find(({ field }) => field === 2)?.number ?? 0;
      if (fields.some(({ field }) => field === 7)) values = values.filter((entry) => entry.step < step);
      for (const summary of fields.filter(({ field }) => field === 5)) {
        for (const { bytes } of fieldsOf(summary.bytes)) {
          const inner = [...fieldsOf(bytes)];
          const tag = inner.find(({ field }) => field === 1)?.bytes.toString() ?? '';
          const value = inner.find(({ field }) => field === 2)?.number ?? Number.NaN;
          values.push({ step, tag, value });
        }
      }
    }
  }
  return Object.fromEntries(values.map(({ tag, step, value }) => [`${tag}@${step}`, value]));
}
