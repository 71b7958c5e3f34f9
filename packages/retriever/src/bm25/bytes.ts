/** Bytes that grow at their end. Numbers are written seven bits a byte, low bits first. */
export function createByteWriter(capacity = 1 << 12) {
  let bytes = new Uint8Array(capacity);
  let length = 0;
  const reserve = (more: number) => {
    if (length + more <= bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * bytes.length, length + more));
    larger.set(bytes.subarray(0, length));
    bytes = larger;
  };
  return {
    get length() {
      return length;
    },
    /** Writes an integer from 0 to 2^53 - 1. */
    number(value: number): void {
      reserve(8);
      let rest = value;
      while (rest >= 0x80) {
        bytes[length++] = (rest % 0x80) | 0x80;
        rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 0x80);
      }
      bytes[length++] = rest;
    },
    append(more: Uint8Array): void {
      reserve(more.length);
      bytes.set(more, length);
      length += more.length;
    },
    /** What was written; valid until the next write. */
    view: () => bytes.subarray(0, length),
    clear(): void {
      length = 0;
    },
  };
}

export type ByteWriter = ReturnType<typeof createByteWriter>;

/** Reads what {@link createByteWriter} wrote. Every method throws a RangeError where the bytes end too early. */
export function createByteReader(bytes: Uint8Array) {
  let position = 0;
  const require = (more: number) => {
    if (position + more > bytes.length) throw new RangeError('it ends too early');
  };
  return {
    get position() {
      return position;
    },
    get left() {
      return bytes.length - position;
    },
    number(): number {
      let value = 0;
      for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
        require(1);
        const byte = bytes[position++] as number;
        value += (byte & 0x7f) * factor;
        if (byte < 0x80) {
          if (!Number.isSafeInteger(value)) break;
          return value;
        }
      }
      throw new RangeError('it holds a number that is too large');
    },
    /** The next bytes, not copied. */
    take(count: number): Uint8Array {
      require(count);
      position += count;
      return bytes.subarray(position - count, position);
    },
  };
}

export type ByteReader = ReturnType<typeof createByteReader>;
