/**
 * Half precision. IEEE 754 binary16 has 1 sign, 5 exponent and 10 fraction bits; bfloat16 is the upper half of a
 * float32: 1, 8 and 7 bits. Encoders round to nearest, ties to even, keep signed zeros, subnormals and infinities, and
 * make every NaN a quiet one; finite values beyond the range become infinite.
 * Source: IEEE 754-2019, sections 3.4 and 4.3.1.
 */

function float16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 2^16 and more
  if (magnitude >= 0x38800000) {
    // Normal: rounding may carry into the exponent, up to infinity, which is what it should do.
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign; // below 2^-25, half of the smallest subnormal
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - exponent;
  return sign | ((mantissa + (1 << (shift - 1)) - 1 + ((mantissa >>> shift) & 1)) >>> shift);
}

function bfloat16Bits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function encodeWith(convert: (bits: number) => number, values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const encoded = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) encoded[i] = convert(bits[i] as number);
  return encoded;
}

/** Rounds to binary16, one 16-bit pattern per value. */
export function encodeFloat16(values: Float32Array): Uint16Array {
  return encodeWith(float16Bits, values);
}

/** Rounds to bfloat16, one 16-bit pattern per value. */
export function encodeBfloat16(values: Float32Array): Uint16Array {
  return encodeWith(bfloat16Bits, values);
}

let float16Values: Float32Array | undefined;

function makeFloat16Values(): Float32Array {
  return Float32Array.from({ length: 0x10000 }, (_, bits) => {
    const exponent = (bits >>> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    const sign = bits & 0x8000 ? -1 : 1;
    if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  });
}

/** The exact values of binary16 patterns, written into `values` if there is one. */
export function decodeFloat16(
  encoded: Uint16Array,
  values: Float32Array = new Float32Array(encoded.length),
): Float32Array {
  float16Values ??= makeFloat16Values();
  for (let i = 0; i < encoded.length; i++) values[i] = float16Values[encoded[i] as number] as number;
  return values;
}

/** The exact values of bfloat16 patterns, written into `values` if there is one. */
export function decodeBfloat16(
  encoded: Uint16Array,
  values: Float32Array = new Float32Array(encoded.length),
): Float32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < encoded.length; i++) bits[i] = (encoded[i] as number) << 16;
  return values;
}
