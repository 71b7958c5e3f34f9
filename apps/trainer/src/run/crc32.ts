function tableOf(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value >>> 0;
  });
}

function checksum(table: Uint32Array, data: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of data) value = (table[(value ^ byte) & 0xff] as number) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

const ieee = tableOf(0xedb88320);
const castagnoli = tableOf(0x82f63b78);

/** CRC-32 of IEEE 802.3, as zlib computes it. */
export const crc32 = (data: Uint8Array) => checksum(ieee, data);

/** CRC-32C (Castagnoli; RFC 3720, appendix B.4). */
export const crc32c = (data: Uint8Array) => checksum(castagnoli, data);
