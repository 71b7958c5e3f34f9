/** Writing protocol buffers (https://protobuf.dev/programming-guides/encoding/): as much as ONNX files need. */

function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** An integer field. */
export const integer = (field, value) => [varint(field * 8), varint(value)];

/** A float32 field. */
export function float(field, value) {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return [varint(field * 8 + 5), bytes];
}

/** A field of bytes, of text, or of a message given as its chunks. Nothing is copied: tensors are large. */
export function bytes(field, value) {
  const chunks = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [Buffer.from(value)];
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return [varint(field * 8 + 2), varint(length), ...chunks];
}
